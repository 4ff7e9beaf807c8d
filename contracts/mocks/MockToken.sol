// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An ERC-20 with permit that does what it should; anyone may mint
contract MockToken {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    mapping(address holder => uint256) internal held;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    mapping(address holder => uint256) public nonces;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address to, uint256 value) external {
        held[to] += value;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external virtual returns (bool) {
        _spend(from, value);
        _move(from, to, value);
        return true;
    }

    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external virtual {
        // forge-lint: disable-next-line(block-timestamp)
        require(block.timestamp <= deadline, "expired");
        bytes32 signed = keccak256(abi.encode(PERMIT, owner, spender, value, nonces[owner]++, deadline));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR(), signed));
        require(owner != address(0) && ecrecover(digest, v, r, s) == owner, "another signature");

        allowance[owner][spender] = value;
    }

    function name() external view virtual returns (string memory) {
        return "Mock Token";
    }

    function symbol() external view virtual returns (string memory) {
        return "MOCK";
    }

    function decimals() external view virtual returns (uint8) {
        return 6;
    }

    function balanceOf(address holder) public view virtual returns (uint256) {
        return held[holder];
    }

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN, keccak256("Mock Token"), keccak256("1"), block.chainid, address(this))
            );
    }

    function _spend(address from, uint256 value) internal {
        require(allowance[from][msg.sender] >= value, "not allowed");
        allowance[from][msg.sender] -= value;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        require(held[from] >= value, "too little");
        held[from] -= value;
        held[to] += value;
        emit Transfer(from, to, value);
    }
}
