// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "./MockToken.sol";

/// @title Takes a hundredth of each transfer, as tokens do that pay their makers
contract TakingToken is MockToken {
    function _move(address from, address to, uint256 value) internal override {
        super._move(from, address(0xdead), value / 100);
        super._move(from, to, value - value / 100);
    }
}

/// @title Reverts on a transfer of nothing
contract NoZeroToken is MockToken {
    function _move(address from, address to, uint256 value) internal override {
        require(value != 0, "nothing");
        super._move(from, to, value);
    }
}

/// @title Keeps shares, as staked Ether does: balances grow by themselves, and transfers round down
contract RebasingToken is MockToken {
    uint256 private percent = 100;

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        return held[holder] * percent / 100;
    }

    function _move(address from, address to, uint256 value) internal override {
        super._move(from, to, value * 100 / percent);
    }
}

/// @title Tells whoever sends before a transfer, and whoever receives after it, as ERC-777 does
contract CallingToken is MockToken {
    mapping(address holder => bool) public listens;

    /// @notice From now on the caller is told.
    function listen() external {
        listens[msg.sender] = true;
    }

    function _move(address from, address to, uint256 value) internal override {
        if (listens[from]) Listener(from).moved(from, to, value);
        super._move(from, to, value);
        if (listens[to]) Listener(to).moved(from, to, value);
    }
}

/// @title Whoever is told of transfers: makes one call each time, but not for its own, and remembers how it ended
contract Listener {
    address private target;
    bytes private data;
    bool private transient busy;

    bool public succeeded;
    bytes public answer;
    uint256 public times;

    function listenTo(CallingToken token) external {
        token.listen();
    }

    /// @notice What to do when told.
    function prepare(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    /// @notice Makes a call now, for whoever wants it as a wallet.
    function act(address target_, bytes calldata data_) external returns (bytes memory) {
        (bool done, bytes memory said) = target_.call(data_);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(said, 32), mload(said))
            }
        }
        return said;
    }

    function moved(address, address, uint256) external {
        if (busy) return;

        busy = true;
        ++times;
        if (target != address(0)) (succeeded, answer) = target.call(data);
        busy = false;
    }
}

/// @title Does something else than it is told, and says what it was built to say
contract LyingToken is MockToken {
    enum Lie {
        ReturnsFalse,
        MovesNothing,
        MovesMore,
        ReturnsTwo,
        ReturnsOneByte,
        Shouts,
        BurnsGas,
        HidesBalances
    }

    Lie private immutable lie;
    bool private started;

    constructor(Lie lie_) {
        lie = lie_;
    }

    /// @notice It behaves until then.
    function start() external {
        started = true;
    }

    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        if (lie == Lie.ReturnsFalse) return false;
        if (lie == Lie.MovesNothing) return true;
        if (lie == Lie.BurnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        _spend(from, value);
        _move(from, to, lie == Lie.MovesMore ? value + 1 : value);

        if (lie == Lie.ReturnsTwo) _answer(2, 32);
        if (lie == Lie.ReturnsOneByte) _answer(type(uint256).max, 1);
        if (lie == Lie.Shouts) _answer(1, 1_000_000);
        return true;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        if (lie == Lie.HidesBalances && started) _answer(0, 0);
        return held[holder];
    }

    function _answer(uint256 word, uint256 length) private pure {
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}

/// @title Says of itself what it was built to say; a function with nothing to say is missing
contract SayingToken {
    bytes private name_;
    bytes private symbol_;
    bytes private decimals_;

    constructor(bytes memory saidName, bytes memory saidSymbol, bytes memory saidDecimals) {
        (name_, symbol_, decimals_) = (saidName, saidSymbol, saidDecimals);
    }

    function name() external view {
        _say(name_);
    }

    function symbol() external view {
        _say(symbol_);
    }

    function decimals() external view {
        _say(decimals_);
    }

    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }

    function _say(bytes memory said) private pure {
        require(said.length != 0, "there is none");
        assembly {
            return(add(said, 32), mload(said))
        }
    }
}
