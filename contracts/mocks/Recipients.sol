// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract wallet: keeps what it is paid, or passes it on
contract Forwarder {
    address payable private immutable to;

    constructor(address payable to_) {
        to = to_;
    }

    receive() external payable {
        if (to == address(0)) return;

        (bool taken,) = to.call{value: msg.value}("");
        require(taken);
    }
}

/// @title Refuses every payment
contract Refuser {
    error NotToday();

    receive() external payable {
        revert NotToday();
    }
}

/// @title Burns all the gas that it is given
contract Burner {
    receive() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @title Answers with as many bytes as it was built for, taking or refusing the payment
contract Shouter {
    uint256 private immutable bytesBack;
    bool private immutable refuses;

    constructor(uint256 bytesBack_, bool refuses_) {
        bytesBack = bytesBack_;
        refuses = refuses_;
    }

    receive() external payable {
        uint256 length = bytesBack;
        if (refuses) {
            assembly {
                revert(0, length)
            }
        }
        assembly {
            return(0, length)
        }
    }
}

/// @title Calls back when it is paid
/// @notice Does once what it was told, with what it was paid if so told, and remembers how that ended.
contract Reenterer {
    address private target;
    bytes private data;
    bool private spends;
    bool private insists;

    bool public called;
    bool public succeeded;
    bytes public answer;

    /// @notice What to do at the next payment; `insists_` refuses the payment if it fails.
    function prepare(address target_, bytes calldata data_, bool spends_, bool insists_) external {
        (target, data, spends, insists, called) = (target_, data_, spends_, insists_, false);
    }

    receive() external payable {
        if (target == address(0) || called) return;

        called = true;
        (succeeded, answer) = target.call{value: spends ? msg.value : 0}(data);
        require(succeeded || !insists);
    }
}
