# What a project does to build a release: build.sh VERSION FOLDER
set -e
mkdir -p "$2"
python3 parts.py "$1" "$2"
