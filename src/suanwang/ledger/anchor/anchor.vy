# pragma version ~=0.4.3
"""
@title Anchor
@license Apache-2.0
@notice Keeps heads of append-only logs: for each log its sizes and their roots. The owner adds
        heads; nobody, not the owner either, changes or removes one, or adds one that is no larger.
@dev A log is named by the SHA-256 of its origin (the first line of its checkpoint). The contract
     cannot see that a head continues the one before it: a consistency proof shows that to whoever
     reads both.
"""

event Anchored:
    origin: indexed(bytes32)
    size: uint64
    root: bytes32

struct Head:
    size: uint64
    root: bytes32
    time: uint64

owner: public(immutable(address))
latest: public(HashMap[bytes32, Head])
root_at: public(HashMap[bytes32, HashMap[uint64, bytes32]])


@deploy
def __init__():
    owner = msg.sender


@external
def anchor(origin: bytes32, size: uint64, root: bytes32):
    """
    @notice Add a head that is larger than the last one of its log.
    """
    assert msg.sender == owner, "only the owner anchors"
    assert root != empty(bytes32), "a head has a root"
    assert size > self.latest[origin].size, "the log did not grow"
    self.latest[origin] = Head(size=size, root=root, time=convert(block.timestamp, uint64))
    self.root_at[origin][size] = root
    log Anchored(origin=origin, size=size, root=root)
