// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BTCUtils} from "@keep-network/bitcoin-spv-sol/contracts/BTCUtils.sol";
import {BytesLib} from "@keep-network/bitcoin-spv-sol/contracts/BytesLib.sol";

import {Coin} from "./Coin.sol";
import {BurnProof, Checkpoint, IBitcoinBurnClaim} from "./interfaces/IBitcoinBurnClaim.sol";
import {Genesis} from "./interfaces/ILedger.sol";
import {BitcoinProof} from "./libraries/BitcoinProof.sol";
import {HeaderChain} from "./libraries/HeaderChain.sol";

/// @title A coin that is minted for bitcoins that were burnt for it
contract BitcoinBurnClaim is IBitcoinBurnClaim, Coin {
    using BTCUtils for bytes;
    using BitcoinProof for bytes;
    using BytesLib for bytes;
    using HeaderChain for HeaderChain.Chain;

    /// @dev A bitcoin has 8 decimals, the coin 18.
    uint256 private constant PER_SATOSHI = 10 ** 10;

    /// @dev OP_RETURN, and a push of 52 bytes.
    bytes2 private constant BURN = 0x6a34;

    /// @inheritdoc IBitcoinBurnClaim
    uint32 public immutable depth;

    /// @inheritdoc IBitcoinBurnClaim
    uint256 public immutable work;

    uint256 private immutable limit;
    uint32 private immutable opening;

    HeaderChain.Chain private chain;
    mapping(bytes32 txid => mapping(uint256 output => bool)) private counts;

    /// @inheritdoc IBitcoinBurnClaim
    uint256 public migrated;

    constructor(
        string memory name_,
        string memory symbol_,
        uint32 maxEntries_,
        uint32 interval_,
        Genesis memory genesis_,
        Checkpoint memory checkpoint_,
        uint32 depth_,
        uint256 work_
    ) Coin(name_, symbol_, 18, maxEntries_, interval_, genesis_) {
        require(depth_ != 0 && work_ != 0, NoDepth());
        (depth, work, limit, opening) = (depth_, work_, checkpoint_.limit, checkpoint_.height);
        chain.open(checkpoint_);
    }

    /// @inheritdoc IBitcoinBurnClaim
    function submitHeaders(bytes calldata headers) external {
        if (!chain.extend(headers, limit)) return;

        (bytes32 tip, uint32 height, uint256 done) = bestBlock();
        emit HeadersAdded(tip, height, done);
    }

    /// @inheritdoc IBitcoinBurnClaim
    function claimBurn(BurnProof calldata proof) external returns (uint64 index) {
        _checkBlock(proof.header);
        bytes32 txid = _checkPlace(proof);
        require(!counts[txid][proof.output], AlreadyCounted(txid, proof.output));
        (address claimant, uint64 satoshis) = _read(proof.transaction, proof.output);

        counts[txid][proof.output] = true;
        migrated += satoshis * PER_SATOSHI;
        index = _mintWithMemo(claimant, satoshis * PER_SATOSHI, txid);

        emit BurnClaimed(txid, proof.output, claimant, index, satoshis);
    }

    /// @inheritdoc IBitcoinBurnClaim
    function burnScript(address claimant) external view returns (bytes memory) {
        return abi.encodePacked(BURN, claimant, _here());
    }

    /// @inheritdoc IBitcoinBurnClaim
    function counted(bytes32 txid, uint256 output) external view returns (bool) {
        return counts[txid][output];
    }

    /// @inheritdoc IBitcoinBurnClaim
    function bestBlock() public view returns (bytes32 hash, uint32 height, uint256 done) {
        hash = chain.tip;
        (height, done) = (chain.blocks[hash].height, chain.blocks[hash].work);
    }

    /// @dev The block is on the heaviest chain, deep enough.
    function _checkBlock(bytes memory header) private view {
        bytes32 hash = header.hash256View();
        (uint32 height, uint256 below) = (chain.blocks[hash].height, chain.blocks[hash].work);
        require(height > opening && header.length == 80, UnknownBlock(hash));

        (bytes32 tip, uint32 top, uint256 done) = bestBlock();
        require(top >= height && chain.ancestor(tip, height) == hash, NotOnChain(hash));
        require(
            top - height >= depth && done - below >= work, TooShallow(top - height, depth, done - below, work)
        );
    }

    /// @dev The transaction is in the block, as deep as its coinbase.
    function _checkPlace(BurnProof calldata proof) private view returns (bytes32 txid) {
        bytes memory header = proof.header;
        bytes32 root_ = header.extractMerkleRootLE();
        bytes memory coinbase = proof.coinbase;
        require(
            coinbase.isCoinbase() && proof.coinbaseSiblings.length == proof.siblings.length, WrongCoinbase()
        );
        _checkRoot(BitcoinProof.rootOf(coinbase.idOf(), 0, proof.coinbaseSiblings), root_);

        bytes memory transaction = proof.transaction;
        txid = transaction.idOf();
        _checkRoot(BitcoinProof.rootOf(txid, proof.index, proof.siblings), root_);
    }

    /// @dev Whom a burn is for, and of how much.
    function _read(bytes memory transaction, uint256 number)
        private
        view
        returns (address claimant, uint64 satoshis)
    {
        bytes memory output = transaction.outputOf(number);
        require(output.length == 63 && bytes3(output.slice32(8)) == 0x366a34, NotABurn(number));
        bytes32 meant = output.slice32(31);
        require(meant == _here(), BurntForAnother(meant, _here()));

        // casting to 'bytes20' is safe because the rest of the word is the other half of the burn
        // forge-lint: disable-next-line(unsafe-typecast)
        claimant = address(bytes20(output.slice32(11)));
        satoshis = output.extractValue();
        require(claimant != address(0) && satoshis != 0, NothingBurnt());
    }

    /// @dev What a burn for this contract, on this chain, says.
    function _here() private view returns (bytes32) {
        return keccak256(abi.encodePacked("smartchain.burn", block.chainid, address(this)));
    }

    function _checkRoot(bytes32 found, bytes32 expected) private pure {
        require(found == expected, WrongRoot(found, expected));
    }
}
