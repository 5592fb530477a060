"""The peers, one file each: `NAME_peer.py` holds the class `NamePeer` (see `benchmarks.peer`)."""
