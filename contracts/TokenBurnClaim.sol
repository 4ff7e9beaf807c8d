// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Coin} from "./Coin.sol";
import {Genesis} from "./interfaces/ILedger.sol";
import {ITokenBurnClaim} from "./interfaces/ITokenBurnClaim.sol";
import {Token} from "./libraries/Token.sol";

/// @title A coin that takes the place of an older token of the same host
contract TokenBurnClaim is ITokenBurnClaim, Coin {
    using Token for address;

    /// @dev Nobody has a key for it, and everybody knows it for that.
    address private constant NOBODY = 0x000000000000000000000000000000000000dEaD;

    /// @inheritdoc ITokenBurnClaim
    address public immutable oldToken;

    /// @inheritdoc ITokenBurnClaim
    uint256 public migrated;

    /// @dev Set while the old token moves: what arrives then is counted once.
    bool private transient moving;

    constructor(
        string memory name_,
        string memory symbol_,
        uint32 maxEntries_,
        uint32 interval_,
        Genesis memory genesis_,
        address oldToken_
    ) Coin(name_, symbol_, _digitsOf(oldToken_), maxEntries_, interval_, genesis_) {
        oldToken = oldToken_;
    }

    /// @inheritdoc ITokenBurnClaim
    function migrate(uint256 amount) external returns (uint64 index) {
        require(amount != 0, NothingToMigrate());
        uint256 arrived = _burn(amount);

        migrated += arrived;
        index = _mintWithMemo(msg.sender, arrived, 0);

        emit Migrated(msg.sender, index, arrived);
    }

    /// @dev What the address that nobody has holds more afterwards: tokens that take a fee give less.
    function _burn(uint256 amount) private returns (uint256 arrived) {
        require(!moving, TokenIsMoving());
        moving = true;

        uint256 before = _burnt();
        require(oldToken.transferFrom(msg.sender, NOBODY, amount), MigrationRefused(msg.sender, amount));
        uint256 burnt = _burnt();

        moving = false;
        arrived = burnt > before ? burnt - before : 0;
        require(arrived != 0 && arrived <= amount, WrongArrival(amount, arrived));
    }

    function _burnt() private view returns (uint256 value) {
        bool known;
        (known, value) = oldToken.balanceOf(NOBODY);
        require(known, NotAToken(oldToken));
    }

    function _digitsOf(address token) private view returns (uint8 count) {
        (bool counted,) = token.balanceOf(NOBODY);
        bool known;
        (known, count) = token.decimals();
        require(token.code.length != 0 && counted && known, NotAToken(token));
    }
}
