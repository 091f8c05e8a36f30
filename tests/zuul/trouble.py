"""Sites that fail, and a helper that stops on the way."""

from people import FULL, FULLER, READONLY
from rig import run

# Stops for a minute before it gives the second file its name, as long as
# there is a file that says so.
SLOW = """\
#!/bin/sh
helper=$(dirname "$0")/countersign
[ -e "$0.now" ] || exec "$helper" "$@"
exec strace -f -qq -o /dev/null -e trace=renameat2,linkat \\
    -e inject=renameat2,linkat:delay_enter=60000000:when=2 "$helper" "$@"
"""
# Sites with room for so many files; a page of memory each.
ROOM = {FULL: 1, FULLER: 2}


def prepare(zuul):
    for name in ("slow-sign", "slow-publish"):
        path = zuul.trusted / "bin" / name
        path.write_text(SLOW)
        path.chmod(0o755)
        path.with_name(f"{name}.now").touch()
    for project, files in ROOM.items():
        site = zuul.site / project
        site.mkdir(parents=True)
        run("mount", "-t", "tmpfs", "-o", f"size={4 * files}k,mode=0755",
            "tmpfs", site)
    (zuul.site / READONLY).mkdir(parents=True)
    (zuul.site / READONLY).chmod(0o555)


def mend(zuul):
    for project in ROOM:
        run("mount", "-o", "remount,size=1m", zuul.site / project)
    (zuul.site / READONLY).chmod(0o755)
