// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "./ILedger.sol";

/// @notice What tells one ledger of a creator from another, with its genesis root: no two of a factory share it all.
/// @param subject `ETHER`, or a token's address.
/// @param maxEntries Entries at which a block closes (0: no such limit).
/// @param interval Seconds after its first entry at which a block takes no more (0: no such limit).
/// @param feePpm What the ledger keeps of a payment, in parts per million.
/// @param treasury Who gets that; zero if nobody.
struct Terms {
    address subject;
    uint32 maxEntries;
    uint32 interval;
    uint32 feePpm;
    address treasury;
}

/// @title Deploys ledgers, lists them, and keeps one log over the heads of all
/// @notice The factory has one address on every chain, and so have its ledgers: the address of one follows from its
/// creator, its terms and its genesis. Anyone's own ledger can be registered too; nobody decides who is listed, and
/// to be listed is no recommendation. There is no owner.
///
/// `update` reads a ledger's head and appends it to the registry, a Merkle log like a ledger's own:
///
///     leaf = keccak256(0x04 ‖ ledger (20) ‖ size (8) ‖ root (32))
///
/// so one root, `registryRoot()`, commits to every chain, and one proof leads from it to an entry of any of them: that
/// the head stands in the registry, then that the entry stands under the head's root.
///
/// @dev All events are the factory's own: one `eth_getLogs` of its address gives the whole list and every leaf. No
/// call grows with the number of ledgers, and no ledger can make a call fail that is about another.
///
/// Warning: what a registered ledger says is that contract's own claim. Only what `deploy` made is known code.
interface IBPSCFactory {
    /// @notice A ledger of the list.
    /// @param ledger Where it is.
    /// @param deployed Whether the factory made it; else somebody registered it.
    struct Listed {
        address ledger;
        bool deployed;
    }

    /// @notice Emitted for each ledger of the list, deployed or registered, numbered from 0.
    event LedgerListed(uint64 indexed number, address indexed ledger, address indexed by, bool deployed);

    /// @notice Emitted for a ledger that the factory makes, before it is listed.
    event LedgerDeployed(
        address indexed ledger,
        address indexed creator,
        address indexed subject,
        uint32 maxEntries,
        uint32 interval,
        uint32 feePpm,
        address treasury,
        bytes32 genesisRoot
    );

    /// @notice Emitted for each leaf of the registry.
    event HeadRecorded(uint64 indexed index, address indexed ledger, uint64 size, bytes32 root);

    /// @notice Thrown when the creator has a ledger of the same terms and genesis root already.
    error AlreadyDeployed(address ledger);

    /// @notice Thrown when a ledger is on the list already.
    error AlreadyListed(address ledger);

    /// @notice Thrown when there is no contract at the address, or it has no head to show for 100,000 gas.
    error NotALedger(address ledger);

    /// @notice Thrown when the head of a ledger is asked for that is not on the list.
    error NotListed(address ledger);

    /// @notice Makes a ledger for the caller, and lists it: a `BPSC` for Ether, a `TokenBPSC` for a token.
    function deploy(Terms calldata terms, Genesis calldata genesis) external returns (address ledger);

    /// @notice Lists a ledger that somebody else made. Anyone may.
    /// @return number Its place in the list.
    function register(address ledger) external returns (uint64 number);

    /// @notice Reads a ledger's head, with at most 100,000 gas and 96 bytes of answer, and appends it to the registry.
    /// Anyone may. A ledger that fails is skipped.
    /// @return recorded Whether there was a head; no says only that none came for the gas that was left.
    function update(address ledger) external returns (bool recorded);

    /// @notice Where `deploy` would put this ledger of this creator, or has put it.
    function addressOf(address creator, Terms calldata terms, Genesis calldata genesis)
        external
        view
        returns (address);

    /// @notice The ledger that this creator has of these terms and this genesis root; zero if he has none.
    /// @param genesisRoot `keccak256("")` for a ledger that started empty.
    function deployedAt(address creator, Terms calldata terms, bytes32 genesisRoot)
        external
        view
        returns (address);

    /// @notice How many ledgers are listed.
    function count() external view returns (uint64);

    /// @notice The ledgers from number `from` on: `most` of them, a thousand, or as many as there are.
    function page(uint64 from, uint64 most) external view returns (Listed[] memory);

    /// @notice Whether a ledger is listed, and whether the factory made it.
    function listed(address ledger) external view returns (bool isListed, bool deployed);

    /// @notice How many heads the registry holds.
    function registrySize() external view returns (uint64);

    /// @notice The root over them.
    function registryRoot() external view returns (bytes32);

    /// @notice The roots of the registry's perfect subtrees, one for each set bit of its size, lowest level first.
    function registryPeaks() external view returns (bytes32[] memory);

    /// @notice Whether the registry, as it is now, holds at `index` that `ledger` had this size and root, by an
    /// inclusion proof of RFC 9162. False, never a revert.
    function verifyHead(address ledger, uint64 size, bytes32 root, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
