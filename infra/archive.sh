#!/bin/sh
# The archive that the functions are built from: infra/archive.sh <file.zip>. What is committed and what they run, no more.
#
# In it the main file is the bundle, which a new instance loads in a third of the time (docs/adr/0018), and optional
# packages are left out: the Node and the DuckDB of one machine, some 260 MB. There the runtime's own Node runs.
set -eu
npm run --silent bundle
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
cp package.json "$scratch/"
(cd "$scratch" && npm pkg set main=shared/bundle/index.js > /dev/null)
{ cat .npmrc; echo 'omit=optional'; } > "$scratch/.npmrc"
# shellcheck disable=SC2046 # none or one name
git archive --output="$1" \
  --prefix=shared/bundle/ --add-file=shared/bundle/index.js \
  --prefix= --add-file="$scratch/package.json" --add-file="$scratch/.npmrc" \
  HEAD package-lock.json bin functions shared sql $(git ls-files fleet.yaml)
