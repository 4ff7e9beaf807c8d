// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "../../../contracts/Ledger.sol";
import {ETHER, Entry, Genesis, ILedger, SEAL} from "../../../contracts/interfaces/ILedger.sol";
import {MockLedger} from "../../../contracts/mocks/MockLedger.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What it takes to inherit.
contract Votes is Ledger {
    constructor() Ledger(0, 3600, Genesis(0, 0, new bytes32[](0))) {
        _declare(address(1), "Vote", "VOTE", 0);
    }

    function vote(address candidate) external {
        _record(address(1), msg.sender, candidate, 1, "");
    }
}

contract LedgerTest is Sandbox {
    bytes32 private constant BASE = 0x7089753b1303635a2a70cca51e1edae14347e5ba697c05be3a417d6bad06dd00;

    MockLedger private ledger;

    function setUp() public {
        vm.warp(START);
        ledger = new MockLedger(4, 60, nothing());
    }

    function testFuzz_seal_is_refused_in_every_other_record(Entry memory entry, bytes32[] memory payments)
        public
    {
        entry.subject = SEAL;
        Entry[] memory entries = new Entry[](1);
        entries[0] = entry;
        bytes memory refusal = abi.encodeWithSelector(ILedger.ReservedSubject.selector, SEAL);

        vm.expectRevert(refusal);
        ledger.record(entries);
        vm.expectRevert(refusal);
        ledger.recordBatch(SEAL, entry.sender, payments, entry.memo);
        vm.expectRevert(refusal);
        ledger.declare(SEAL, "Seal", "SEAL", 0);
    }

    function test_an_empty_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.EmptyBatch.selector));
        ledger.recordBatch(ETHER, address(1), new bytes32[](0), 0);
    }

    function test_a_subject_is_declared_once() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.SubjectUnknown.selector, ETHER));
        ledger.subject(ETHER);

        ledger.declare(ETHER, "", "", 0);

        (string memory name, string memory symbol, uint8 decimals) = ledger.subject(ETHER);
        isTrue(bytes(name).length == 0 && bytes(symbol).length == 0 && decimals == 0, "as declared");
        vm.expectRevert(abi.encodeWithSelector(ILedger.SubjectAlreadyDeclared.selector, ETHER));
        ledger.declare(ETHER, "Ether", "ETH", 18);
    }

    function testFuzz_a_genesis_needs_a_peak_for_each_bit_of_its_size(uint48 size, uint256 count) public {
        Genesis memory genesis = Genesis(size, uint64(size == 0 ? 0 : START), peaksFor(bound(count, 0, 50)));
        uint256 bits = 0;
        for (uint256 i = 0; i < 48; ++i) {
            bits += (size >> i) & 1;
        }
        if (genesis.peaks.length == bits) return;

        vm.expectRevert(abi.encodeWithSelector(ILedger.WrongGenesis.selector, size, genesis.peaks.length));
        new MockLedger(0, 0, genesis);
    }

    function testFuzz_a_genesis_of_2_to_the_48_entries_is_refused(uint64 size) public {
        size = uint64(bound(size, 2 ** 48, type(uint64).max));

        vm.expectRevert(abi.encodeWithSelector(ILedger.GenesisTooLarge.selector, size, 2 ** 48 - 1));
        new MockLedger(0, 0, Genesis(size, 0, peaksFor(1)));
    }

    function testFuzz_a_genesis_from_the_future_is_refused(uint64 timestamp) public {
        timestamp = uint64(bound(timestamp, START + 1, type(uint64).max));

        vm.expectRevert(abi.encodeWithSelector(ILedger.GenesisInFuture.selector, timestamp, START));
        new MockLedger(0, 0, Genesis(1, timestamp, peaksFor(1)));
    }

    function testFuzz_a_genesis_of_nothing_has_no_timestamp(uint64 timestamp) public {
        timestamp = uint64(bound(timestamp, 1, START));

        vm.expectRevert(abi.encodeWithSelector(ILedger.GenesisWithoutEntries.selector, timestamp));
        new MockLedger(0, 0, Genesis(0, timestamp, new bytes32[](0)));
    }

    function testFuzz_a_genesis_peak_is_never_zero(uint256 count, uint256 position) public {
        bytes32[] memory peaks = peaksFor(bound(count, 1, 47));
        position = bound(position, 0, peaks.length - 1);
        peaks[position] = 0;

        vm.expectRevert(abi.encodeWithSelector(ILedger.EmptyGenesisPeak.selector, position));
        new MockLedger(0, 0, Genesis(uint64(2 ** peaks.length - 1), 0, peaks));
    }

    function testFuzz_a_ledger_opens_with_its_genesis(uint256 seed, uint256 count, uint64 timestamp) public {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 20));
        timestamp = uint64(bound(timestamp, 0, START));
        ledger = new MockLedger(0, 0, Genesis(uint64(leaves.length), timestamp, PlainLog.peaks(leaves)));

        (uint64 size, bytes32 root, uint64 time) = ledger.genesis();

        same(size, leaves.length);
        same(root, PlainLog.root(leaves));
        same(time, timestamp);
        same(ledger.root(), root);
        same(ledger.peaks(), PlainLog.peaks(leaves));
    }

    function test_a_ledger_that_starts_empty_has_the_timestamp_of_its_deployment() public view {
        (uint64 size, bytes32 root, uint64 time) = ledger.genesis();

        same(size, 0);
        same(root, keccak256(""));
        same(time, START);
    }

    /// @dev What the storage layout in Ledger.sol promises to those who prove it off-chain.
    function testFuzz_size_and_peaks_stand_where_the_layout_says(uint256 seed, uint256 count) public {
        Entry[] memory entries = entriesFrom(seed, bound(count, 1, 20));
        ledger.record(entries);

        same(uint256(vm.load(address(ledger), BASE)), entries.length);
        bytes32[] memory peaks = ledger.peaks();
        uint256 position = 0;
        for (uint256 level = 0; level < 6; ++level) {
            bytes32 word = vm.load(address(ledger), bytes32(uint256(BASE) + 1 + level));
            if ((entries.length >> level) & 1 == 1) same(word, peaks[position++]);
        }
        same(position, peaks.length);
    }

    function test_the_storage_slot_is_the_one_of_erc_7201() public pure {
        bytes32 id = keccak256("smartchain.ledger");

        same(BASE, keccak256(abi.encode(uint256(id) - 1)) & ~bytes32(uint256(0xff)));
    }

    /// @dev The root may be today's, the genesis's or a checkpoint's; of any other size nothing holds.
    function testFuzz_an_entry_is_verified_at_every_size_whose_root_is_known(
        uint256 seed,
        uint256 opening,
        uint256 kept,
        uint256 later,
        uint256 index
    ) public {
        opening = bound(opening, 0, 6);
        kept = bound(kept, 1, 6);
        later = bound(later, 1, 6);
        Entry[] memory entries = entriesFrom(seed, opening + kept + later);
        bytes32[] memory leaves = leavesOf_(entries);
        bytes32[] memory peaks = PlainLog.peaks(PlainLog.head(leaves, opening));
        ledger = new MockLedger(0, 0, Genesis(uint64(opening), uint64(opening == 0 ? 0 : START), peaks));
        ledger.record(slice(entries, opening, opening + kept));
        (uint64 size, bytes32 root) = ledger.checkpoint();
        ledger.record(slice(entries, opening + kept, entries.length));

        same(size, opening + kept);
        same(root, PlainLog.root(PlainLog.head(leaves, size)));
        same(ledger.checkpointAt(size), root);
        for (uint256 shown = 0; shown <= entries.length + 1; ++shown) {
            bool known = shown == opening || shown == size || shown == entries.length;
            uint256 i = bound(index, 0, entries.length - 1);
            bytes32[] memory proof =
                i < shown && shown <= entries.length ? PlainLog.path(leaves, i, 0, shown) : new bytes32[](0);
            bool holds = ledger.verifyEntry(entries[i], uint64(i), uint64(shown), proof);
            isTrue(holds == (known && i < shown), "it holds where the root is known and the entry is in");
        }
    }

    function test_whoever_inherits_has_a_chain_of_its_own() public {
        Votes votes = new Votes();

        vm.recordLogs();
        votes.vote(address(2));
        vm.prank(address(3));
        votes.seal();

        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(votes), 0);
        uint64 time = uint64(START);
        same(leaves[0], PlainLog.leaf(Entry(address(1), address(this), address(2), 1, time, 0)));
        same(leaves[1], PlainLog.leaf(Entry(SEAL, address(3), address(0), 0, time, 0)));
        same(votes.root(), PlainLog.root(leaves));
    }

    function entriesFrom(uint256 seed, uint256 count) private pure returns (Entry[] memory entries) {
        entries = new Entry[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 chance = keccak256(abi.encode(seed, i));
            address to = address(bytes20(chance));
            entries[i] = Entry(ETHER, address(uint160(i)), to, uint256(chance), uint64(START), chance);
        }
    }

    function leavesFrom(uint256 seed, uint256 count) private pure returns (bytes32[] memory) {
        return leavesOf_(entriesFrom(seed, count));
    }

    function leavesOf_(Entry[] memory entries) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            leaves[i] = PlainLog.leaf(entries[i]);
        }
    }

    function slice(Entry[] memory entries, uint256 from, uint256 to)
        private
        pure
        returns (Entry[] memory part)
    {
        part = new Entry[](to - from);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = entries[from + i];
        }
    }

    function peaksFor(uint256 count) private pure returns (bytes32[] memory peaks) {
        peaks = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            peaks[i] = keccak256(abi.encode(i));
        }
    }
}
