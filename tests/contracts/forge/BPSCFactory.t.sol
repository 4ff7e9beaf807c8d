// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSCFactory} from "../../../contracts/BPSCFactory.sol";
import {IBPSCFactory, Terms} from "../../../contracts/interfaces/IBPSCFactory.sol";
import {ETHER} from "../../../contracts/interfaces/ILedger.sol";
import {MockLedger} from "../../../contracts/mocks/MockLedger.sol";
import {HostileLedger} from "../../../contracts/mocks/HostileLedgers.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {Vm, vm} from "./support/Vm.sol";

contract BPSCFactoryTest is Sandbox {
    BPSCFactory private factory;
    MockLedger[3] private ledgers;
    HostileLedger private hostile;

    function setUp() public {
        vm.warp(START);
        factory = new BPSCFactory();
        hostile = new HostileLedger();
        factory.register(address(hostile));
        for (uint256 i = 0; i < 3; ++i) {
            ledgers[i] = new MockLedger(100, 0, nothing());
            for (uint256 n = 0; n < 7; ++n) {
                ledgers[i].seal();
            }
            factory.register(address(ledgers[i]));
        }
    }

    /// @dev Whatever one ledger of the list does meanwhile, the heads of the others are recorded, each as it was.
    function testFuzz_the_registry_is_the_log_of_the_heads_that_were_told(
        uint256 seed,
        uint256 count,
        uint8 act
    ) public {
        hostile.turn(HostileLedger.Act(2 + act % 5));
        bytes32[] memory leaves = new bytes32[](0);
        (address who, uint64 size, bytes32 root) = (address(0), 0, 0);
        for (uint256 i = 0; i < count % 8 + 1; ++i) {
            MockLedger ledger = ledgers[(seed >> (8 * i)) % 3];
            ledger.seal();
            isTrue(!factory.update(address(hostile)), "it is skipped");
            isTrue(factory.update(address(ledger)), "it is recorded");
            who = address(ledger);
            (size, root) = ledger.head();
            leaves = PlainLog.appended(leaves, keccak256(abi.encodePacked(uint8(4), who, size, root)));
        }

        same(factory.registryRoot(), PlainLog.root(leaves));
        same(factory.registryPeaks(), PlainLog.peaks(leaves));
        uint64 last = uint64(leaves.length - 1);
        bytes32[] memory proof = PlainLog.path(leaves, last, 0, leaves.length);
        isTrue(factory.verifyHead(who, size, root, last, proof), "the last stands");
        isTrue(!factory.verifyHead(who, size + 1, root, last, proof), "no other size");
        isTrue(!factory.verifyHead(address(hostile), size, root, last, proof), "no other ledger");
        isTrue(!factory.verifyHead(who, size, root, last + 1, proof), "no other place");
    }

    /// @dev Who gives too little gas gets no head recorded, never another than the ledger has.
    function testFuzz_an_update_records_the_ledgers_head_or_nothing_whatever_gas_it_gets(uint256 given)
        public
    {
        given = bound(given, 5_000, 150_000);
        (uint64 size, bytes32 root) = ledgers[2].head();

        vm.recordLogs();
        (bool done, bytes memory said) =
            address(factory).call{gas: given}(abi.encodeCall(IBPSCFactory.update, (address(ledgers[2]))));

        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool told = done && abi.decode(said, (bool));
        isTrue(told || given < 80_000, "that is enough");
        same(logs.length, told ? 1 : 0);
        same(factory.registrySize(), told ? 1 : 0);
        if (told) same(keccak256(logs[0].data), keccak256(abi.encode(size, root)));
    }

    function test_a_ledger_is_where_it_was_foretold_and_made_once() public {
        Terms memory terms = Terms(ETHER, 7, 60, 0, address(0));
        address foretold = factory.addressOf(address(this), terms, nothing());

        same(factory.deploy(terms, nothing()), foretold);

        isTrue(factory.addressOf(address(1), terms, nothing()) != foretold, "another's is elsewhere");
        vm.expectRevert(abi.encodeWithSelector(IBPSCFactory.AlreadyDeployed.selector, foretold));
        factory.deploy(terms, nothing());
    }
}
