# Sourced by ops/pious/build and ops/images/build: Debian packages as inputs, without installing them.
# Expects: root (the repository), and sets nothing but functions.

debs_cache=$root/.cache/debs

say()  { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# need TOOL PACKAGE...: installs what a fresh Debian lacks, when we may.
need() {
    local tool=$1; shift
    command -v "$tool" >/dev/null && return
    [ "$(id -u)" = 0 ] || fail "$tool is missing: apt-get install $*"
    say "installing $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# resolve FILE: one line "name version sha256" for each package listed in FILE (kernel metapackages replaced by what they depend on).
# Asking apt takes a second; the answer is kept for as long as its lists and settings are untouched.
resolve() {
    local state kept
    state=$({ cat "$1"; stat -c '%n %s %Y' /var/lib/apt/lists/* /etc/apt/* /etc/apt/*.d/* 2>/dev/null || true; } | sha256sum | cut -d ' ' -f 1)
    kept=$debs_cache/$state.table
    if [ ! -s "$kept" ]; then
        mkdir -p "$debs_cache"
        ask "$1" > "$kept.$$"
        mv "$kept.$$" "$kept"
    fi
    cat "$kept"
}

ask() {
    local names table
    names=$(sed 's/#.*//' "$1" | xargs)
    table=$(candidates $names)
    if [ -z "$table" ] && [ "$(id -u)" = 0 ]; then
        say "no package lists: apt-get update"
        apt-get update >&2
        table=$(candidates $names)
    fi
    [ "$(printf '%s\n' "$table" | wc -l)" = "$(printf '%s\n' $names | wc -l)" ] || fail "not every package of $1 has a candidate; found: $table"
    printf '%s\n' "$table"
}

candidates() {
    local kernel
    kernel=$(apt-cache show --no-all-versions linux-image-amd64 2>/dev/null | sed -n 's/^Depends: \([^ ]*\).*/\1/p' | head -n 1)
    apt-cache show --no-all-versions ${@/#linux-image-amd64/$kernel} 2>/dev/null |
        awk '/^Package:/ {p=$2} /^Version:/ {v=$2} /^SHA256:/ {print p, v, $2}' | LC_ALL=C sort -u
}

# unpack TABLE DIR: downloads what the cache lacks, checks every digest, and lays all packages out in DIR.
unpack() {
    local name version sha file
    mkdir -p "$debs_cache"
    printf '%s\n' "$1" | while read -r name version sha; do
        file=$debs_cache/$sha.deb
        if [ ! -s "$file" ]; then
            say "downloading $name $version"
            local scratch; scratch=$(mktemp -d "$debs_cache/.get.XXXXXX")
            (cd "$scratch" && apt-get download "$name=$version" >/dev/null 2>&1) || { rm -rf "$scratch"; fail "cannot download $name $version; try apt-get update"; }
            mv "$scratch"/*.deb "$file"
            rmdir "$scratch"
        fi
        echo "$sha  $file" | sha256sum --check --quiet >&2 || fail "$name $version does not have the digest its index states"
        dpkg-deb --fsys-tarfile "$file" | tar -x -C "$2" --no-same-owner --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
    done
}

# modules TREE KERNEL LIST OUT: copies the modules named in LIST (folders or files under kernel/), and all they depend on, into OUT.
modules() {
    local tree=$1 kernel=$2 list=$3 out=$4 base=lib/modules/$2
    depmod -b "$tree" "$kernel"
    mkdir -p "$out/$base"
    cp "$tree/$base"/modules.builtin "$tree/$base"/modules.builtin.modinfo "$tree/$base"/modules.order "$out/$base/"
    sed 's/#.*//' "$list" | xargs -n 1 | while read -r wanted; do
        [ -e "$tree/$base/kernel/$wanted" ] || fail "$list: this kernel has no $wanted"
        (cd "$tree/$base" && find "kernel/$wanted" -name '*.ko')
    done | LC_ALL=C sort -u |
        awk 'NR == FNR { i = index($0, ":"); deps[substr($0, 1, i - 1)] = substr($0, i + 1); next } { print; n = split(deps[$0], d, " "); for (i = 1; i <= n; i++) print d[i] }' "$tree/$base/modules.dep" - |
        LC_ALL=C sort -u | (cd "$tree/$base" && cpio -pdm --quiet "$out/$base")
    depmod -b "$out" "$kernel"
    rm -f "$out/$base"/modules.{alias,dep,symbols,builtin,builtin.alias}.bin "$out/$base"/modules.{softdep,symbols,devname,builtin.modinfo,order}
}

# libraries TREE: every library that a program in TREE names must be in TREE too.
libraries() {
    local file needed
    find "$1" -type f \( -perm -100 -o -name '*.so*' \) ! -name '*.ko' | while read -r file; do
        readelf -h "$file" >/dev/null 2>&1 || continue
        readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r needed; do
            [ -n "$(find "$1" -name "$needed" -print -quit)" ] || fail "${file#"$1"} needs $needed, which no package in the list brings"
        done || exit 1
    done
}

# pack DIR FILE COMPRESSOR...: the folder as an initramfs, the same bytes for the same content.
pack() {
    local dir=$1 file=$2; shift 2
    chmod -R u+rwX,go+rX,go-w "$dir"
    find "$dir" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    (cd "$dir" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --reproducible --owner=0:0 --quiet | "$@") > "$file"
}

# digest FILE
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
