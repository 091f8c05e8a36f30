"""The jobs and roles as zuul-sphinx shows them:

    sphinx-build -E -W docs/reference build/reference
"""

project = "countersign"
author = "The countersign authors"
extensions = ["zuul_sphinx"]
html_theme = "alabaster"
