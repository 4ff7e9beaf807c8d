// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "../Ledger.sol";
import {ETHER, Genesis} from "../interfaces/ILedger.sol";

/// @title Likes and what they earn, in one chain, because they belong together
/// @notice A like is an entry: one of `LIKE` from who likes to the author, the post as its memo. Each so many likes of
/// an author (100, unless its deployer wants another number) pay a reward of Ether out of the pot: an entry too, in
/// the same ledger, in the same transaction. Whoever reads the chain sees for every reward the likes that earned it.
///
///     the rewards in the ledger = what left the pot = what the authors were paid or credited
///
/// @dev Warning: an account costs nothing, so a like is worth what it costs to make. Who pays real rewards lets only
/// those like who are known to him; where that is decided is marked in `like`.
contract LikeRewards is Ledger {
    /// @notice What a like is an entry of: the low 20 bytes of `keccak256("smartchain.example.like")`.
    address public constant LIKE = address(uint160(uint256(keccak256("smartchain.example.like"))));

    /// @dev What an author's wallet may spend on taking a reward. It is enough to note and to log it; a wallet that
    /// wants more is credited, so that no wallet makes a like expensive.
    uint256 private constant TAKING_GAS = 50_000;

    /// @notice So many likes earn one reward.
    uint256 public immutable every;

    /// @notice What they pay, in wei.
    uint256 public immutable reward;

    /// @notice Ether that is nobody's yet. What is forced in counts for nothing.
    uint256 public pot;

    mapping(address author => uint256) public likesOf;
    mapping(address author => uint256) public rewardsOf;

    /// @notice Rewards that a wallet did not take: it has them by `withdraw`.
    mapping(address author => uint256 value) public creditOf;

    mapping(address who => mapping(address author => mapping(bytes32 post => bool))) public liked;

    /// @notice Emitted when a reward is kept for an author whose wallet did not take it.
    event Credited(address indexed author, uint256 value);

    /// @notice Emitted when an author takes what was kept.
    event Withdrawn(address indexed author, address indexed to, uint256 value);

    /// @notice Thrown when a like is for nobody, or for this contract.
    error NoAuthor();

    /// @notice Thrown when an author likes what is his own.
    error OwnPost();

    /// @notice Thrown when somebody likes the same post a second time.
    error AlreadyLiked(address who, address author, bytes32 post);

    /// @notice Thrown when the pot is to be filled with nothing, a reward would be nothing, or nothing is kept for the caller.
    error Nothing();

    /// @notice Thrown when no reward is due to the author, or the pot does not hold one.
    error NothingDue(address author, uint256 due, uint256 pot);

    /// @notice Thrown when the wallet that is to get a credit refuses it.
    error CreditRefused(address to, uint256 value);

    constructor(uint256 every_, uint256 reward_) Ledger(100, 0, Genesis(0, 0, new bytes32[](0))) {
        require(every_ != 0 && reward_ != 0, Nothing());

        every = every_;
        reward = reward_;
        _declare(LIKE, "Likes", "LIKE", 0);
        _declare(ETHER, "Ether", "ETH", 18);
    }

    /// @notice Fills the pot: an entry of Ether from the giver to this contract.
    function fund(bytes32 memo) external payable returns (uint64 index) {
        require(msg.value != 0, Nothing());

        pot += msg.value;
        index = _record(ETHER, msg.sender, address(this), msg.value, memo);
    }

    /// @notice Likes a post, once. The 100th, 200th, … like of an author pays a reward, if the pot holds one; if not,
    /// `settle` pays it later. Nothing that an author's wallet does stops a like.
    /// @return index The like's position in the ledger.
    function like(address author, bytes32 post) external returns (uint64 index) {
        require(author != address(0) && author != address(this), NoAuthor());
        require(author != msg.sender, OwnPost()); // Who may like at all belongs here.
        require(!liked[msg.sender][author][post], AlreadyLiked(msg.sender, author, post));

        liked[msg.sender][author][post] = true;
        uint256 likes = ++likesOf[author];
        index = _record(LIKE, msg.sender, author, 1, post);

        if (likes % every == 0 && pot >= reward) _reward(author);
    }

    /// @notice Pays a reward that was due when the pot was empty. Anyone may.
    function settle(address author) external {
        require(due(author) != 0 && pot >= reward, NothingDue(author, due(author), pot));

        _reward(author);
    }

    /// @notice Sends what was kept for the caller to a wallet that takes it. The entry was made when it was earned.
    function withdraw(address payable to) external returns (uint256 value) {
        value = creditOf[msg.sender];
        require(value != 0, Nothing());

        creditOf[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, value);

        require(_pay(to, value, gasleft()), CreditRefused(to, value));
    }

    /// @notice How many rewards an author has earned and not got.
    function due(address author) public view returns (uint256) {
        return likesOf[author] / every - rewardsOf[author];
    }

    /// @dev The entry says which one it is: its memo is 1 for the first reward of an author, 2 for the second.
    function _reward(address author) private {
        pot -= reward;
        uint256 number = ++rewardsOf[author];
        _record(ETHER, address(this), author, reward, bytes32(number));

        if (_pay(author, reward, TAKING_GAS)) return;
        creditOf[author] += reward;
        emit Credited(author, reward);
    }

    /// @dev Nothing of what comes back is copied.
    function _pay(address to, uint256 value, uint256 most) private returns (bool taken) {
        assembly ("memory-safe") {
            taken := call(most, to, value, 0, 0, 0, 0)
        }
    }
}
