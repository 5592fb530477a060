"""How fast simfw is, beside its peers, measured in one run: `python -m benchmarks`.

`peer` says what a peer offers, `peers/` has one file each, `measurements` is the table of what is
measured, `timing` takes interleaved medians, `report` prints them. The guests' C sources are in
`guests/`; the same sources are compiled for RISC-V, WebAssembly and the host.
"""
