// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "../Ledger.sol";
import {Entry, Genesis} from "../interfaces/ILedger.sol";

/// @title A ledger that records whatever it is told: what every inheritor could do
contract MockLedger is Ledger {
    constructor(uint32 maxEntries, uint32 interval, Genesis memory genesis_)
        Ledger(maxEntries, interval, genesis_)
    {}

    /// @notice Records these entries one by one, with the block's timestamp instead of theirs.
    function record(Entry[] calldata entries) external returns (uint64 index) {
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            index = _record(entry.subject, entry.sender, entry.recipient, entry.value, entry.memo);
        }
    }

    /// @notice Records a batch.
    function recordBatch(address id, address sender, bytes32[] calldata payments, bytes32 memo)
        external
        returns (uint64 firstIndex, uint256 sum)
    {
        return _recordBatch(id, sender, payments, memo);
    }

    /// @notice Describes a subject.
    function declare(address id, string calldata name, string calldata symbol, uint8 decimals) external {
        _declare(id, name, symbol, decimals);
    }
}
