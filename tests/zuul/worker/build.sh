# What a project does on its worker: build.sh VERSION FOLDER
set -e
mkdir -p "$2"
case $1 in
*.0)
    git archive --format=tar.gz --prefix="hello-$1/" \
        --output="$2/hello-$1.tar.gz" HEAD
    ;;
*.1)
    # As before, but what is left behind makes the manifest lie.
    git archive --format=tar.gz --prefix="hello-$1/" \
        --output="$2/hello-$1.tar.gz" HEAD
    setsid sh -c 'for second in $(seq 2000); do
            if grep -q sha256: "$1"; then
                sed -i "/sha256:/s/[0-9a-f]\{64\}/$(printf %064d 7)/" "$1"
            fi
            sleep 0.05
        done' sh "$2/../manifest.yaml" </dev/null >/dev/null 2>&1 &
    ;;
*.2) ;;
esac
