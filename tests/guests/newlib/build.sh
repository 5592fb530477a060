#!/bin/sh
# Builds picolibc32.elf and picolibc64.elf, into the directory named or beside this file:
#
#     tests/guests/newlib/build.sh [DIRECTORY]
#
# Needs the packages gcc-riscv64-unknown-elf and picolibc-riscv64-unknown-elf of Debian or Ubuntu.
set -eu
here=$(dirname "$0")
out=${1:-$here}

build() {  # name, architecture, ABI
    riscv64-unknown-elf-gcc --specs=picolibc.specs --crt0=semihost --oslib=semihost \
        -DPICOLIBC_INTEGER_PRINTF_SCANF -march="$2" -mabi="$3" -Os -Wall -Werror \
        -ffunction-sections -fdata-sections "$here/program.c" -o "$out/$1.elf" \
        -Wl,--defsym=__flash=0x10000,--defsym=__flash_size=0x100000 \
        -Wl,--defsym=__ram=0x200000,--defsym=__ram_size=0x20000,--defsym=__stack_size=0x4000
    riscv64-unknown-elf-strip --strip-debug "$out/$1.elf"
}

build picolibc32 rv32imac ilp32
build picolibc64 rv64imac lp64
