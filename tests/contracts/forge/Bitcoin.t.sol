// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitcoinBurnClaim} from "../../../contracts/BitcoinBurnClaim.sol";
import {BurnProof, Checkpoint, IBitcoinBurnClaim} from "../../../contracts/interfaces/IBitcoinBurnClaim.sol";
import {Miner} from "./support/Miner.sol";
import {vm} from "./support/Vm.sol";

/// @notice A whole period of headers with the turn of the target, and burns with any byte altered.
contract BitcoinTest is Miner {
    uint32 private constant PERIOD = 2016;

    BitcoinBurnClaim private coin;
    Mined private first;
    Mined private tip;
    BurnProof private proof;

    function setUp() public {
        vm.warp(START);
        first = mine(bytes32(0), bytes32(0), uint32(START - 60 days), EASIEST, LIMIT);
        coin = coinOf(first, 1, WORK);
        tip = first;
    }

    function test_the_target_turns_after_2016_blocks_by_the_time_that_they_took() public {
        uint32 start = first.time;
        period(300);
        // Half the time that they should take, but for the one interval that the rule does not see.
        uint256 mantissa = 0x3fffff * uint256(tip.time - start) / 14 days;
        uint32 bits = uint32((0x20 << 24) | mantissa);
        isTrue(bits < EASIEST && bits > 0x201f0000, "it is half the target");

        refusedAtTheTurn(EASIEST, bits, LIMIT);
        refusedAtTheTurn(bits - 1, bits, LIMIT);
        refusedAtTheTurn(bits + 1, bits, LIMIT);
        take(mine(tip.hash, 0, tip.time + 600, bits, mantissa << 232));

        (, uint32 height, uint256 work) = coin.bestBlock();
        same(height, PERIOD);
        same(work, (PERIOD - 1) * WORK + 8);
    }

    function test_a_slow_period_makes_the_target_no_easier_than_the_limit() public {
        period(1_200);

        refusedAtTheTurn(EASIEST + 1, EASIEST, LIMIT);
        take(mine(tip, 0, 600));

        (, uint32 height,) = coin.bestBlock();
        same(height, PERIOD);
    }

    function test_a_checkpoint_at_a_turn_brings_the_times_of_the_ten_blocks_before_it() public {
        bytes memory headers;
        Mined memory last = first;
        for (uint256 i = 0; i < 11; ++i) {
            last = mine(last, 0, 600);
            headers = bytes.concat(headers, last.raw);
        }
        Checkpoint memory point = Checkpoint(headers, PERIOD * 3, LIMIT);
        coin = coinOf(point, 1, WORK);

        uint32 median = last.time - 5 * 600;
        Mined memory early = mine(last.hash, 0, median, EASIEST, LIMIT);
        vm.expectRevert(abi.encodeWithSelector(IBitcoinBurnClaim.NotPastMedianTime.selector, 0, median));
        coin.submitHeaders(early.raw);
        coin.submitHeaders(mine(last.hash, 0, median + 1, EASIEST, LIMIT).raw);

        (, uint32 height, uint256 work) = coin.bestBlock();
        same(height, PERIOD * 3 + 1);
        same(work, WORK);
    }

    function test_nothing_is_built_on_what_is_before_the_checkpoint() public {
        Mined memory before = first;
        bytes memory headers;
        Mined memory last = first;
        for (uint256 i = 0; i < 11; ++i) {
            before = last;
            last = mine(last, 0, 600);
            headers = bytes.concat(headers, last.raw);
        }
        coin = coinOf(Checkpoint(headers, PERIOD, LIMIT), 1, WORK);

        Mined memory beside = mine(before, 0, 601);
        vm.expectRevert(abi.encodeWithSelector(IBitcoinBurnClaim.UnknownParent.selector, 0, before.hash));
        coin.submitHeaders(beside.raw);
    }

    function test_a_checkpoint_whose_headers_are_not_linked_is_refused() public {
        bytes memory headers;
        for (uint256 i = 0; i < 11; ++i) {
            headers = bytes.concat(headers, first.raw);
        }

        try this.open(Checkpoint(headers, PERIOD, LIMIT)) {
            isTrue(false, "it is no chain");
        } catch (bytes memory reason) {
            same(
                keccak256(reason),
                keccak256(abi.encodeWithSelector(IBitcoinBurnClaim.UnknownParent.selector, 1, 0))
            );
        }
    }

    /// forge-config: ci.fuzz.runs = 1000
    function testFuzz_a_burn_mints_what_was_burnt_for_whom_it_names(
        uint64 satoshis,
        address claimant,
        uint256 number
    ) public {
        if (satoshis == 0 || claimant == address(0)) return;
        burn(burning(number, satoshis, coin.burnScript(claimant)));

        same(coin.claimBurn(proof), 0);

        same(coin.balanceOf(claimant), uint256(satoshis) * 10 ** 10);
        same(coin.migrated(), coin.totalSupply());
    }

    /// @dev The block commits to what was shown: whatever else is shown is another transaction.
    /// forge-config: ci.fuzz.runs = 1000
    function testFuzz_a_proof_with_any_bit_altered_is_refused(uint256 field, uint256 bit) public {
        burn(burning(1, 1_000, coin.burnScript(address(7))));
        bytes[5] memory parts = [
            proof.header,
            proof.transaction,
            proof.coinbase,
            abi.encode(proof.siblings[0]),
            abi.encode(proof.index)
        ];
        bytes memory part = parts[field % 5];
        bit %= part.length * 8;
        part[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        BurnProof memory altered = BurnProof(
            parts[0],
            parts[1],
            0,
            abi.decode(parts[4], (uint256)),
            listOf(bytes32(parts[3])),
            parts[2],
            proof.coinbaseSiblings
        );

        (bool done,) = address(coin).call(abi.encodeCall(coin.claimBurn, (altered)));

        isTrue(!done, "it is another proof");
        same(coin.totalSupply(), 0);
    }

    /// @dev As a whole header, or whatever its length.
    function testFuzz_headers_of_no_chain_are_refused(bytes calldata headers) public {
        (bool done,) = address(coin).call(abi.encodeCall(coin.submitHeaders, (headers)));

        isTrue(!done, "nobody mined it");
    }

    function open(Checkpoint calldata point) external {
        coin = coinOf(point, 1, WORK);
    }

    /// @notice A block with this burn, and one on top of it.
    function burn(bytes memory transaction) private {
        bytes memory start = coinbase(1);
        Mined memory made = mine(tip, pair(hash256(start), hash256(transaction)), 600);
        take(made);
        take(mine(tip, 0, 600));
        proof = proofOf(made.raw, start, transaction);
    }

    function take(Mined memory made) private {
        coin.submitHeaders(made.raw);
        tip = made;
    }

    /// @notice Blocks up to the last of the first period, submitted in runs.
    function period(uint32 spacing) private {
        Mined memory last = first;
        for (uint256 run = 0; run < 65; ++run) {
            bytes memory headers = new bytes(0);
            for (uint256 i = 0; i < 31; ++i) {
                last = mine(last, 0, spacing);
                headers = bytes.concat(headers, last.raw);
            }
            coin.submitHeaders(headers);
        }
        tip = last;
        (bytes32 best, uint32 height,) = coin.bestBlock();
        same(best, tip.hash);
        same(height, PERIOD - 1);
    }

    function refusedAtTheTurn(uint32 bits, uint32 expected, uint256 target) private {
        Mined memory wrong = mine(tip.hash, 0, tip.time + 600, bits, target);
        vm.expectRevert(abi.encodeWithSelector(IBitcoinBurnClaim.WrongTarget.selector, 0, bits, expected));
        coin.submitHeaders(wrong.raw);
    }
}
