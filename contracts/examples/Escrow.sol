// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, ILedger} from "../interfaces/ILedger.sol";

/// @notice What a deal waits for: a payment in a ledger.
/// @param ledger Whose word counts. Both sides look at it first: one that lies releases, or never releases, this deal.
/// @param subject What is to be paid: `ETHER`, a token, whatever the ledger records.
/// @param payer Who is to pay, and gets the Ether of the deal for it.
/// @param recipient Who is to be paid.
/// @param value How much, gross, exactly.
/// @param memo The payment's reference, such as the number of an invoice.
/// @param deadline The last second in which the payment counts.
struct Terms {
    ILedger ledger;
    address subject;
    address payer;
    address recipient;
    uint256 value;
    bytes32 memo;
    uint64 deadline;
}

/// @title Holds Ether until it is shown the receipt of a payment made through a ledger
/// @notice The depositor says which payment he waits for. Whoever shows its receipt, made after the deposit and by the
/// deadline, releases the Ether to the payer. A day after the deadline what was not released goes back.
/// @dev The rules for whoever takes receipts: name the ledger, want an index from the genesis size on, and mark
/// (ledger, index) as used, never the leaf. A timely payment can be shown for a day after the deadline, so that it is
/// not lost when it was made in the last second.
contract Escrow {
    struct Deal {
        Terms terms;
        address depositor;
        uint64 opened;
        uint256 amount;
    }

    /// @notice So long a receipt may be shown after the deadline, and no refund is had.
    uint64 public constant GRACE = 1 days;

    /// @notice How many deals were opened; the number of the next one.
    uint256 public deals;

    /// @notice Whether the entry at this index of the ledger released a deal.
    mapping(ILedger ledger => mapping(uint64 index => bool)) public used;

    /// @dev A deal that is done is forgotten: its depositor is zero.
    mapping(uint256 id => Deal) private _deals;

    /// @notice Emitted when Ether is laid down for a payment.
    event Opened(uint256 indexed id, address indexed depositor, uint256 amount, Terms terms);

    /// @notice Emitted when the receipt was shown: this entry of the ledger is used.
    event Released(uint256 indexed id, ILedger indexed ledger, uint64 index, address payer, uint256 amount);

    /// @notice Emitted when nothing was shown in time.
    event Refunded(uint256 indexed id, address depositor, uint256 amount);

    /// @notice Thrown when a deal is opened with nothing, or for nothing.
    error NothingAtStake();

    /// @notice Thrown when a deal is opened whose deadline is over, or so late that no refund would come.
    error DeadlineUnfit(uint64 deadline, uint64 now_);

    /// @notice Thrown when there is no such deal, or it is done.
    error NotOpen(uint256 id);

    /// @notice Thrown when the entry shown is not the payment that the deal waits for.
    error OtherPayment(uint256 id);

    /// @notice Thrown when the payment was made before the deal was opened, or after its deadline.
    error NotInTime(uint64 timestamp, uint64 opened, uint64 deadline);

    /// @notice Thrown when the entry is one that the ledger opened with: its deployer's assertion, not a payment.
    error BeforeTheLedger(uint64 index, uint64 genesisSize);

    /// @notice Thrown when the entry released a deal before.
    error AlreadyUsed(ILedger ledger, uint64 index);

    /// @notice Thrown when the ledger does not have this entry.
    error NotInLedger(ILedger ledger, uint64 index);

    /// @notice Thrown when a refund is asked for too early.
    error TooEarly(uint64 from);

    /// @notice Thrown when a wallet refuses what it is to get.
    error Refused(address wallet, uint256 amount);

    /// @notice Lays Ether down for a payment.
    function open(Terms calldata terms) external payable returns (uint256 id) {
        uint64 now_ = uint64(block.timestamp);
        require(msg.value != 0 && terms.value != 0, NothingAtStake());
        require(
            terms.deadline >= now_ && terms.deadline <= type(uint64).max - GRACE,
            DeadlineUnfit(terms.deadline, now_)
        );

        id = deals++;
        _deals[id] = Deal(terms, msg.sender, now_, msg.value);

        emit Opened(id, msg.sender, msg.value, terms);
    }

    /// @notice Releases a deal's Ether to the payer. Anyone may show the receipt.
    /// @param entry The payment, as the ledger recorded it.
    /// @param index Its position in the log.
    /// @param size The size of the log that the proof is for: today's, or one that a checkpoint keeps.
    /// @param proof The siblings on the way up, lowest first.
    function release(uint256 id, Entry calldata entry, uint64 index, uint64 size, bytes32[] calldata proof)
        external
    {
        Deal memory found = deal(id);
        Terms memory terms = found.terms;
        _check(id, found, entry);
        (uint64 genesisSize,,) = terms.ledger.genesis();
        require(index >= genesisSize, BeforeTheLedger(index, genesisSize));
        require(!used[terms.ledger][index], AlreadyUsed(terms.ledger, index));
        require(terms.ledger.verifyEntry(entry, index, size, proof), NotInLedger(terms.ledger, index));

        delete _deals[id];
        used[terms.ledger][index] = true;

        emit Released(id, terms.ledger, index, terms.payer, found.amount);

        _pay(terms.payer, found.amount);
    }

    /// @notice Gives the Ether back, a day after the deadline. Anyone may ask for it.
    function refund(uint256 id) external {
        Deal memory found = deal(id);
        uint64 from = found.terms.deadline + GRACE;
        // A deadline is days away: that a validator may shift the clock by seconds changes nothing.
        // forge-lint: disable-next-line(block-timestamp)
        require(block.timestamp > from, TooEarly(from));

        delete _deals[id];

        emit Refunded(id, found.depositor, found.amount);

        _pay(found.depositor, found.amount);
    }

    /// @notice A deal that is open.
    function deal(uint256 id) public view returns (Deal memory found) {
        found = _deals[id];
        require(found.depositor != address(0), NotOpen(id));
    }

    function _check(uint256 id, Deal memory found, Entry calldata entry) private pure {
        Terms memory terms = found.terms;
        require(
            entry.subject == terms.subject && entry.sender == terms.payer
                && entry.recipient == terms.recipient && entry.value == terms.value
                && entry.memo == terms.memo,
            OtherPayment(id)
        );
        require(
            entry.timestamp >= found.opened && entry.timestamp <= terms.deadline,
            NotInTime(entry.timestamp, found.opened, terms.deadline)
        );
    }

    /// @dev All remaining gas, and nothing of what comes back is copied.
    function _pay(address to, uint256 value) private {
        bool taken;
        assembly ("memory-safe") {
            taken := call(gas(), to, value, 0, 0, 0, 0)
        }
        require(taken, Refused(to, value));
    }
}
