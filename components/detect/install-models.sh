#!/bin/sh
# Installs the models that set-up fetched, for the use of this machine. Into a package (DESTDIR) none goes: their licences
# may not allow passing them on.
set -eu
[ -z "${DESTDIR:-}" ] || exit 0
to=$MESON_INSTALL_PREFIX/$1
for model in "$MESON_SOURCE_ROOT"/deps/models/*.onnx; do
    [ -f "$model" ] || continue
    mkdir -p "$to"
    cp "$model" "$to/"
done
