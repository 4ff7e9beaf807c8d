// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice As much of forge's cheat codes as the tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function warp(uint256 timestamp) external;
    function prank(address sender) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function load(address account, bytes32 slot) external view returns (bytes32);
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key)
        external
        pure
        returns (bytes32[] memory);
    function parseUint(string calldata text) external pure returns (uint256);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function toString(uint256 value) external pure returns (string memory);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function getCode(string calldata path) external view returns (bytes memory);
    function getNonce(address account) external view returns (uint64);
}

/// @dev Where forge listens.
Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @notice What every test needs, and nothing of forge-std.
abstract contract Checks {
    error NotEqual(bytes32 found, bytes32 expected);
    error NotTrue(string what);

    function same(bytes32 found, bytes32 expected) internal pure {
        require(found == expected, NotEqual(found, expected));
    }

    function same(uint256 found, uint256 expected) internal pure {
        same(bytes32(found), bytes32(expected));
    }

    function same(address found, address expected) internal pure {
        same(bytes32(bytes20(found)), bytes32(bytes20(expected)));
    }

    function same(bytes32[] memory found, bytes32[] memory expected) internal pure {
        same(keccak256(abi.encode(found)), keccak256(abi.encode(expected)));
    }

    function isTrue(bool condition, string memory what) internal pure {
        require(condition, NotTrue(what));
    }

    /// @notice `number` brought between `least` and `most`.
    function bound(uint256 number, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + number % (most - least + 1);
    }
}
