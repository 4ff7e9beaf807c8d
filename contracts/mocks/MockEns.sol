// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of ENS's registry that a look-up asks: which contract knows a name's address
contract MockEnsRegistry {
    mapping(bytes32 node => address) public resolver;

    function setResolver(bytes32 node, address resolver_) external {
        resolver[node] = resolver_;
    }
}

/// @title The part of a resolver that a look-up asks
contract MockEnsResolver {
    mapping(bytes32 node => address) public addr;

    function setAddr(bytes32 node, address addr_) external {
        addr[node] = addr_;
    }
}
