// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis, ILedger} from "../interfaces/ILedger.sol";
import {MerkleLog} from "./MerkleLog.sol";

/// @title What a ledger may open with
library Opening {
    /// @dev Fewer than 2^48 entries, which leaves room for any that can ever follow.
    uint64 private constant MOST = 2 ** 48 - 1;

    /// @notice Refuses what can be seen to be wrong; whether the peaks are right nobody can see on-chain.
    function check(Genesis memory genesis) internal view {
        (uint64 size, uint64 timestamp) = (genesis.size, genesis.timestamp);
        bytes32[] memory peaks = genesis.peaks;
        require(size <= MOST, ILedger.GenesisTooLarge(size, MOST));
        require(peaks.length == MerkleLog.bitsOf(size), ILedger.WrongGenesis(size, peaks.length));
        // forge-lint: disable-next-line(block-timestamp)
        require(timestamp <= block.timestamp, ILedger.GenesisInFuture(timestamp, uint64(block.timestamp)));
        require(size != 0 || timestamp == 0, ILedger.GenesisWithoutEntries(timestamp));

        for (uint256 i = 0; i < peaks.length; ++i) {
            require(peaks[i] != 0, ILedger.EmptyGenesisPeak(i));
        }
    }
}
