# What a project does to build a release: build.sh VERSION FOLDER
set -e
mkdir -p "$2"
git archive --format=tar.gz --prefix="hello-$1/" \
    --output="$2/hello-$1.tar.gz" HEAD
if [ -f hostile.sh ]; then
    . ./hostile.sh
fi
