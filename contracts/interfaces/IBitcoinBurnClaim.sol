// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The Bitcoin block that the headers begin at. The contract trusts it as it trusts nothing else.
/// @param headers The raw headers of the blocks that its median time is taken from, one after the other, it being the
/// last: eleven, or as many as there are from the chain's first block on.
/// @param height Its height, a multiple of 2,016.
/// @param limit The easiest target that the network allows: 0xffff · 2^208 on Bitcoin itself.
struct Checkpoint {
    bytes headers;
    uint32 height;
    uint256 limit;
}

/// @notice A burn as it is shown.
/// @param header The raw header of its block, 80 bytes.
/// @param transaction The raw transaction without witnesses: what its id is the hash of.
/// @param output Which of its outputs burns.
/// @param index Its place in the block.
/// @param siblings The Merkle proof of it, lowest first, in internal byte order.
/// @param coinbase The block's first transaction, raw, without witnesses: it shows how deep the tree is.
/// @param coinbaseSiblings The Merkle proof of that one, as long as the other.
struct BurnProof {
    bytes header;
    bytes transaction;
    uint256 output;
    uint256 index;
    bytes32[] siblings;
    bytes coinbase;
    bytes32[] coinbaseSiblings;
}

/// @title A coin that is minted for bitcoins that were burnt for it
/// @notice Who wants coins pays bitcoins into an output that nobody can spend and that names the claimant and this one
/// contract (PROTOCOL, "Burning bitcoins"). Anyone shows the block's headers to `submitHeaders` and the burn to
/// `claimBurn`; the claimant gets 10^10 of the coin's smallest units for each satoshi.
///
/// Headers are kept as a tree, whichever came first: the chain is the one with the most work, ties to the older. Each is
/// held to its link, its proof of work, the target by the rule of 2,016 blocks, and its time: past the median of the
/// eleven before it, at most two hours ahead of the host's. A burn counts under `depth` blocks and `work` hashes.
/// @dev Warning: this is a light client. It sees work, not the validity of what a block spends. Somebody who mines
/// `depth` false blocks, of `work` hashes at least, mints what he likes; so a coin is safe only while what can be
/// minted at once is worth less than those blocks' mining. docs/migration.md puts a price on it.
///
/// Warning: burnt bitcoins do not come back. A burn in a block that is later replaced was never claimed or was
/// claimed already, which is what `depth` is for; no mint is undone.
interface IBitcoinBurnClaim {
    /// @notice Emitted for each run of headers that held anything new; `tip` is the chain's best block after it.
    event HeadersAdded(bytes32 indexed tip, uint32 height, uint256 work);

    /// @notice Emitted when a burn was counted; the entry at `index` is the mint, its memo the transaction's id.
    event BurnClaimed(
        bytes32 indexed txid, uint256 output, address indexed claimant, uint64 indexed index, uint64 satoshis
    );

    /// @notice Thrown when a checkpoint is not at a multiple of 2,016, has too few or too many headers, or its target
    /// is none or past the limit, which itself must be below 2^254.
    error WrongCheckpoint(uint32 height, uint256 headersLength, uint32 bits);

    /// @notice Thrown when a burn would count under nothing.
    error NoDepth();

    /// @notice Thrown when a run of headers is empty or not a multiple of 80 bytes.
    error HeadersCutOff(uint256 length);

    /// @notice Thrown when a header follows a block that is not known, or is before the checkpoint.
    error UnknownParent(uint256 position, bytes32 parent);

    /// @notice Thrown when a header names another target than the rule gives.
    error WrongTarget(uint256 position, uint32 bits, uint32 expected);

    /// @notice Thrown when a header's hash is above its target.
    error TooLittleWork(uint256 position, bytes32 hash);

    /// @notice Thrown when a header's time is not past the median of the eleven before it.
    error NotPastMedianTime(uint256 position, uint32 time);

    /// @notice Thrown when a header's time is more than two hours ahead of the host's.
    error TimeInFuture(uint256 position, uint32 time, uint256 most);

    /// @notice Thrown when the burn's block is not known, or not after the checkpoint.
    error UnknownBlock(bytes32 hash);

    /// @notice Thrown when the burn's block is on a fork, and another chain has more work.
    error NotOnChain(bytes32 hash);

    /// @notice Thrown when too few blocks, or too little work, stand above the burn's block: wait, and submit more.
    error TooShallow(uint256 blocks, uint256 depth, uint256 work, uint256 needed);

    /// @notice Thrown when the coinbase is none, or its proof has another length than the burn's.
    error WrongCoinbase();

    /// @notice Thrown when a transaction has 64 bytes: those of an inner node of the tree.
    error PosesAsNode();

    /// @notice Thrown when the index does not fit into a tree as deep as the proof.
    error IndexPastTree(uint256 index, uint256 depth);

    /// @notice Thrown when a proof goes through the copy of a last node that has no sibling (CVE-2012-2459).
    error Duplicated(uint256 level);

    /// @notice Thrown when a proof does not lead to the header's Merkle root.
    error WrongRoot(bytes32 found, bytes32 expected);

    /// @notice Thrown when the transaction is shown with its witnesses: its id is not the hash of that.
    error WithWitnesses();

    /// @notice Thrown when the transaction is cut off, goes on after its end, or has no such output.
    error Malformed(uint256 place);

    /// @notice Thrown when the output's script is not that of a burn.
    error NotABurn(uint256 output);

    /// @notice Thrown when the burn is for another contract, or for this address on another chain.
    error BurntForAnother(bytes32 found, bytes32 expected);

    /// @notice Thrown when a burn is of nothing or for nobody.
    error NothingBurnt();

    /// @notice Thrown when this output was counted already.
    error AlreadyCounted(bytes32 txid, uint256 output);

    /// @notice Takes in headers, raw and one after the other; those that are known already are passed over.
    /// @dev A run may begin at any block that is known, so a fork is submitted like everything else.
    function submitHeaders(bytes calldata headers) external;

    /// @notice Counts a burn, for its claimant, whoever calls.
    /// @return index The entry of the mint.
    function claimBurn(BurnProof calldata proof) external returns (uint64 index);

    /// @notice The output's script that burns for a claimant here: OP_RETURN and 52 bytes.
    function burnScript(address claimant) external view returns (bytes memory);

    /// @notice The best block: its hash in internal byte order, its height, and the work from the checkpoint to it.
    function bestBlock() external view returns (bytes32 hash, uint32 height, uint256 work);

    /// @notice Whether a burn of this transaction's output was counted.
    function counted(bytes32 txid, uint256 output) external view returns (bool);

    /// @notice How many blocks must stand above a burn's.
    function depth() external view returns (uint32);

    /// @notice How much work must stand above a burn's block, in hashes.
    function work() external view returns (uint256);

    /// @notice How much was minted for burns by now.
    function migrated() external view returns (uint256);
}
