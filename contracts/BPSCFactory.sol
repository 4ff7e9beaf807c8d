// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployer} from "./factory/Deployer.sol";
import {EtherDeployer} from "./factory/EtherDeployer.sol";
import {TokenDeployer} from "./factory/TokenDeployer.sol";
import {IBPSCFactory, Terms} from "./interfaces/IBPSCFactory.sol";
import {ETHER, Genesis, ILedger} from "./interfaces/ILedger.sol";
import {Create2} from "./libraries/Create2.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";

/// @title Deploys ledgers, lists them, and keeps one log over the heads of all
contract BPSCFactory is IBPSCFactory {
    using MerkleLog for MerkleLog.Log;

    struct Standing {
        bool listed;
        bool deployed;
    }

    uint256 private constant LONGEST_PAGE = 1_000;
    uint256 private constant HEAD_GAS = 100_000;

    Deployer private immutable ofEther = new EtherDeployer();
    Deployer private immutable ofTokens = new TokenDeployer();

    address[] private ledgers;
    mapping(address ledger => Standing) private standing;
    mapping(bytes32 salt => address ledger) private made;
    MerkleLog.Log private registry;

    /// @inheritdoc IBPSCFactory
    function deploy(Terms calldata terms, Genesis calldata genesis) external returns (address ledger) {
        bytes32 root = MerkleLog.rootOf(genesis.peaks);
        bytes32 salt = _salt(msg.sender, terms, root);
        require(made[salt] == address(0), AlreadyDeployed(made[salt]));

        ledger = _deployer(terms.subject).deploy(salt, terms, genesis);
        made[salt] = ledger;

        emit LedgerDeployed(
            ledger,
            msg.sender,
            terms.subject,
            terms.maxEntries,
            terms.interval,
            terms.feePpm,
            terms.treasury,
            root
        );
        _list(ledger, true);
    }

    /// @inheritdoc IBPSCFactory
    function register(address ledger) external returns (uint64 number) {
        require(!standing[ledger].listed, AlreadyListed(ledger));
        (bool told,,) = _headOf(ledger);
        require(told, NotALedger(ledger));

        number = _list(ledger, false);
    }

    /// @inheritdoc IBPSCFactory
    function update(address ledger) external returns (bool) {
        require(standing[ledger].listed, NotListed(ledger));
        (bool told, uint64 size, bytes32 root) = _headOf(ledger);
        if (!told) return false;

        uint256 index = registry.append(MerkleLog.registryLeaf(ledger, size, root));

        // casting to 'uint64' is safe because no log gets that far
        // forge-lint: disable-next-line(unsafe-typecast)
        emit HeadRecorded(uint64(index), ledger, size, root);
        return true;
    }

    /// @inheritdoc IBPSCFactory
    function addressOf(address creator, Terms calldata terms, Genesis calldata genesis)
        external
        view
        returns (address)
    {
        bytes32 salt = _salt(creator, terms, MerkleLog.rootOf(genesis.peaks));
        return _deployer(terms.subject).addressOf(salt, terms, genesis);
    }

    /// @inheritdoc IBPSCFactory
    function deployedAt(address creator, Terms calldata terms, bytes32 genesisRoot)
        external
        view
        returns (address)
    {
        return made[_salt(creator, terms, genesisRoot)];
    }

    /// @inheritdoc IBPSCFactory
    function count() external view returns (uint64) {
        return uint64(ledgers.length);
    }

    /// @inheritdoc IBPSCFactory
    function page(uint64 from, uint64 most) external view returns (Listed[] memory found) {
        uint256 left = from < ledgers.length ? ledgers.length - from : 0;
        uint256 longest = most < LONGEST_PAGE ? most : LONGEST_PAGE;
        found = new Listed[](left < longest ? left : longest);

        for (uint256 i = 0; i < found.length; ++i) {
            address ledger = ledgers[from + i];
            found[i] = Listed(ledger, standing[ledger].deployed);
        }
    }

    /// @inheritdoc IBPSCFactory
    function listed(address ledger) external view returns (bool, bool) {
        return (standing[ledger].listed, standing[ledger].deployed);
    }

    /// @inheritdoc IBPSCFactory
    function registrySize() external view returns (uint64) {
        return uint64(registry.size);
    }

    /// @inheritdoc IBPSCFactory
    function registryRoot() external view returns (bytes32) {
        return registry.root();
    }

    /// @inheritdoc IBPSCFactory
    function registryPeaks() external view returns (bytes32[] memory) {
        return registry.peaks();
    }

    /// @inheritdoc IBPSCFactory
    function verifyHead(address ledger, uint64 size, bytes32 root, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes32 leaf = MerkleLog.registryLeaf(ledger, size, root);
        return MerkleLog.verify(leaf, index, registry.size, proof, registry.root());
    }

    function _list(address ledger, bool deployed) private returns (uint64 number) {
        number = uint64(ledgers.length);
        ledgers.push(ledger);
        standing[ledger] = Standing(true, deployed);

        emit LedgerListed(number, ledger, msg.sender, deployed);
    }

    /// @dev What a contract answers to `head()`: told if that is two words, or three, the first of which is a size.
    /// Whatever comes beyond is not copied.
    function _headOf(address ledger) private view returns (bool told, uint64 size, bytes32 root) {
        bytes memory question = abi.encodeCall(ILedger.head, ());
        uint256[3] memory answer;
        uint256 length = 0;
        assembly ("memory-safe") {
            if staticcall(HEAD_GAS, ledger, add(question, 32), mload(question), answer, 96) {
                length := returndatasize()
            }
        }
        told = length >= 64 && length <= 96 && answer[0] <= type(uint64).max;
        // casting to 'uint64' is safe because nothing is told otherwise
        // forge-lint: disable-next-line(unsafe-typecast)
        if (told) (size, root) = (uint64(answer[0]), bytes32(answer[1]));
    }

    function _deployer(address subject) private view returns (Deployer) {
        return subject == ETHER ? ofEther : ofTokens;
    }

    function _salt(address creator, Terms calldata terms, bytes32 genesisRoot)
        private
        pure
        returns (bytes32)
    {
        return Create2.salt(
            creator,
            terms.subject,
            terms.maxEntries,
            terms.interval,
            terms.feePpm,
            terms.treasury,
            genesisRoot
        );
    }
}
