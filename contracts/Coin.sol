// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {Ledger} from "./Ledger.sol";
import {ICoin} from "./interfaces/ICoin.sol";
import {Entry, Genesis} from "./interfaces/ILedger.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";
import {Payment} from "./libraries/Payment.sol";

/// @title The currency of a network of its own: an ERC-20 with permit whose every movement is an entry
contract Coin is ICoin, Ledger, ERC20Burnable, ERC20Permit {
    using BitMaps for BitMaps.BitMap;
    using Payment for bytes32;

    /// @inheritdoc ICoin
    address public immutable id;

    uint8 private immutable digits;

    /// @dev A bit for each index of the genesis.
    BitMaps.BitMap private claims;

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        uint32 maxEntries_,
        uint32 interval_,
        Genesis memory genesis_
    ) Ledger(maxEntries_, interval_, genesis_) ERC20(name_, symbol_) ERC20Permit(name_) {
        address id_ = address(uint160(uint256(keccak256(abi.encodePacked("coin:", name_, ":", symbol_)))));
        id = id_;
        digits = decimals_;
        _declare(id_, name_, symbol_, decimals_);
    }

    /// @inheritdoc ICoin
    function claim(Entry calldata entry, uint64 index, bytes32[] calldata proof) external {
        (uint64 size_, bytes32 root_, uint64 timestamp) = genesis();
        require(
            index < size_ && entry.subject == id && entry.sender == address(0)
                && entry.recipient != address(0) && entry.memo == 0 && entry.timestamp == timestamp,
            NoOpeningBalance(index)
        );
        require(!claimed(index), AlreadyClaimed(index));
        bytes32 leaf = MerkleLog.leaf(id, address(0), entry.recipient, entry.value, timestamp, 0);
        require(MerkleLog.verify(leaf, index, size_, proof, root_), NotInGenesis(index));

        claims.set(index);

        ERC20._update(address(0), entry.recipient, entry.value);

        emit Claimed(index, entry.recipient, entry.value);
    }

    /// @inheritdoc ICoin
    function transferWithMemo(address to, uint256 value, bytes32 memo) external returns (uint64 index) {
        require(to != address(0), ERC20InvalidReceiver(to));

        index = _move(msg.sender, to, value, memo);
    }

    /// @inheritdoc ICoin
    function transferBatch(bytes32[] calldata payments, bytes32 memo) external returns (uint64 firstIndex) {
        (firstIndex,) = _recordBatch(id, msg.sender, payments, memo);

        for (uint256 i = 0; i < payments.length; ++i) {
            address to = payments[i].recipient();
            require(to != address(0), ERC20InvalidReceiver(to));
            _shift(msg.sender, to, payments[i].value());
        }
    }

    /// @inheritdoc ICoin
    function claimed(uint256 index) public view returns (bool) {
        return claims.get(index);
    }

    function decimals() public view override returns (uint8) {
        return digits;
    }

    /// @dev A mint that says where it comes from.
    function _mintWithMemo(address to, uint256 value, bytes32 memo) internal returns (uint64 index) {
        require(to != address(0), ERC20InvalidReceiver(to));

        index = _move(address(0), to, value, memo);
    }

    /// @dev Where every mint, transfer and burn of the ERC-20 passes.
    function _update(address from, address to, uint256 value) internal override {
        _move(from, to, value, 0);
    }

    function _move(address from, address to, uint256 value, bytes32 memo) private returns (uint64 index) {
        index = _record(id, from, to, value, memo);

        _shift(from, to, value);
    }

    function _shift(address from, address to, uint256 value) private {
        (uint64 opening,,) = genesis();
        if (opening != 0 && from != address(0)) {
            uint256 balance = balanceOf(from);
            require(balance >= value, BalanceTooLowOrUnclaimed(from, balance, value));
        }

        ERC20._update(from, to, value);
    }
}
