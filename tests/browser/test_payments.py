"""Real payments on a host chain: from `smartchain send` to the page, and from the page by a browser's wallet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from smartchain.errors import RpcRefused
from smartchain.host.contracts import relay_data
from smartchain.ledger.address import checksum
from smartchain.types import Address, Hash32
from tests.browser.conftest import Scheme, Visit, Visitor
from tests.browser.serving import following
from tests.browser.test_looks import violations
from tests.conftest import Toolchain
from tests.e2e.typed import balance_on_host, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

ETH = 10**18
FEE_PPM = 50
WALLET = """
window.ethereum = {
  isFake: true,
  request: async ({ method, params }) => {
    const answer = await window.askHost(method, params ?? []);
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result;
  },
};
"""
ANNOUNCED = """
window.addEventListener("eip6963:requestProvider", () => {
  const detail = { info: { name: "Fake" }, provider: window.kept };
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
});
"""


class FakeWallet:
    """Implements EIP-1193 over anvil, which signs for its own accounts; asks nobody, unless it is to refuse."""

    def __init__(self, chain: OnAnvil) -> None:
        self._chain = chain
        self.asked: list[tuple[str, list[Any]]] = []
        self.refuses: set[str] = set()
        self.chain_id = "0x1"
        self.knows_chain = True

    def answer(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append((method, params))
        if method in self.refuses:
            return {"error": {"code": 4001, "message": "User rejected the request."}}
        if method == "eth_requestAccounts":
            return {"result": [checksum(self._chain.accounts[0])]}
        if method == "eth_chainId":
            return {"result": self.chain_id}
        if method == "wallet_switchEthereumChain":
            if not self.knows_chain:
                return {"error": {"code": 4902, "message": "Unrecognized chain ID."}}
            self.chain_id = params[0]["chainId"]
            return {"result": None}
        try:
            return {"result": self._chain.rpc.call(method, *params)}
        except RpcRefused as error:
            return {"error": {"code": error.code, "message": str(error)}}

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [params[0] for method, params in self.asked if method == "eth_sendTransaction"]


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil((2, 0), FEE_PPM, toolchain.anvil) as chain:
        chain.relay(Address(b"\x07" * 20), ETH)
        yield chain


@pytest.fixture(scope="module")
def node(chain: OnAnvil, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with following(chain, tmp_path_factory.mktemp("node")) as url:
        yield url


@pytest.fixture
def purse(chain: OnAnvil) -> FakeWallet:
    return FakeWallet(chain)


@pytest.fixture
def send_page(node: str, visitor: Visitor, purse: FakeWallet) -> Page:
    visitor.context.expose_function("askHost", purse.answer)
    visitor.context.add_init_script(WALLET)
    return visitor.visit(f"{node}/send")


def fill(page: Page, recipient: str, amount: str, memo: str = "") -> None:
    page.get_by_label("Recipient").fill(recipient)
    page.get_by_label("Amount in ether").fill(amount)
    page.get_by_role("textbox", name="Memo").fill(memo)


def outcome(page: Page, kind: str, says: str) -> None:
    expect(page.locator("#outcome")).to_have_class(f"verdict {kind}")
    expect(page.locator("#outcome")).to_contain_text(says)


# from the command line to the page


def test_a_payment_that_is_typed_moves_the_page(chain: OnAnvil, node: str, visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.visit(node)
    expect(page.locator(".badge")).to_contain_text("verified up to #")
    page.evaluate("window.stillHere = true")

    done = shell_for(tmp_path, chain).type("send", wallet(1), "0.25ether", "--memo", "für Ada", "--json").json

    row = page.locator(f"#entry-{done['index']}")
    expect(row).to_contain_text("0.25 ETH")
    expect(row).to_contain_text("für Ada")
    expect(page.locator(".badge")).to_contain_text(f"verified up to #{done['index']}")
    assert page.evaluate("window.stillHere") is True


# with the browser's wallet: what goes wrong


def test_without_a_wallet_the_page_says_so_and_nothing_can_be_sent(node: str, visitor: Visitor) -> None:
    page = visitor.visit(f"{node}/send")

    expect(page.locator("#no-wallet")).to_contain_text("There is no wallet in this browser")
    expect(page.get_by_role("button", name="Sign and send")).to_be_disabled()


@pytest.mark.parametrize(
    ("recipient", "amount", "memo", "says"),
    [
        ("", "1", "", "This is needed."),
        ("0x1234", "1", "", "An address is 0x and 40 hex digits."),
        ("0x" + "00" * 20, "1", "", "This is nobody’s address."),
        ("0xA11CE0000000000000000000000000000000a11c", "1", "", "The checksum is wrong"),
        (wallet(2), "", "", "This is needed."),
        (wallet(2), "0", "", "A payment of nothing is refused."),
        (wallet(2), "1,5", "", "with a point"),
        (wallet(2), "1e18", "", "with a point"),
        (wallet(2), "-1", "", "with a point"),
        (wallet(2), "0." + "0" * 18 + "1", "", "Ether has 18 decimals."),
        (wallet(2), "9" * 60, "", "more than there can be"),
        (wallet(2), "1", "ä" * 17, "At most 32 bytes; this has 34."),
        (wallet(2), "1", "0xabc", "A memo of hex is 0x and 64 digits."),
    ],
)
def test_what_cannot_be_sent_is_said_beside_its_field(
    send_page: Page, purse: FakeWallet, recipient: str, amount: str, memo: str, says: str
) -> None:
    fill(send_page, recipient, amount, memo)
    send_page.get_by_role("button", name="Sign and send").click()

    expect(send_page.locator("small.wrong")).to_contain_text(says)
    expect(send_page.locator("#signed")).to_be_hidden()
    assert purse.asked == []


def test_the_contract_itself_is_no_recipient(send_page: Page, chain: OnAnvil) -> None:
    fill(send_page, checksum(chain.ledger), "1")

    expect(send_page.locator("#recipient-says")).to_contain_text("This is the contract itself")


def test_a_visitor_who_says_no_has_sent_nothing(send_page: Page, purse: FakeWallet) -> None:
    purse.refuses = {"eth_sendTransaction"}
    fill(send_page, wallet(2), "1")
    send_page.get_by_role("button", name="Sign and send").click()

    outcome(send_page, "bad", "You refused in the wallet; nothing was sent.")
    expect(send_page.get_by_role("button", name="Sign and send")).to_be_enabled()


def test_a_wallet_that_does_not_know_the_chain_is_not_asked_to_pay(send_page: Page, purse: FakeWallet) -> None:
    purse.knows_chain = False
    fill(send_page, wallet(2), "1")
    send_page.get_by_role("button", name="Sign and send").click()

    outcome(send_page, "bad", "The wallet does not know chain 31337")
    assert purse.sent == []


def test_what_the_contract_would_refuse_is_not_signed(send_page: Page, purse: FakeWallet) -> None:
    fill(send_page, wallet(2), "99999999")
    send_page.get_by_role("button", name="Sign and send").click()

    outcome(send_page, "bad", "Not sent")
    assert purse.sent == []


# with the browser's wallet: a payment


def test_a_payment_is_shown_signed_mined_and_found_in_the_chain(
    send_page: Page, purse: FakeWallet, chain: OnAnvil
) -> None:
    fill(send_page, wallet(3), "1.5", "lunch")
    signed = send_page.locator("#signed")
    for text in (
        checksum(chain.ledger),
        wallet(3),
        "1.5 ETH (1500000000000000000 wei)",
        "lunch",
        "relay(recipient, memo)",
    ):
        expect(signed).to_contain_text(text)
    expect(signed).to_contain_text("1.499925 ETH; the contract keeps 0.000075 ETH")

    send_page.get_by_role("button", name="Sign and send").click()
    outcome(send_page, "good", "Paid and recorded")

    (sent,) = purse.sent
    data = relay_data(Address(bytes.fromhex(wallet(3)[2:])), Hash32(b"lunch".ljust(32, b"\0")))
    assert sent == {
        "from": checksum(chain.accounts[0]),
        "to": checksum(chain.ledger),
        "value": hex(ETH * 3 // 2),
        "data": "0x" + data.hex(),
    }
    assert balance_on_host(chain, wallet(3)) == ETH * 3 // 2 * (1_000_000 - FEE_PPM) // 1_000_000
    send_page.get_by_role("link", name="See the entry").click()
    expect(send_page.locator(".much")).to_contain_text("1.5 ETH")
    expect(send_page.locator(".facts .memo")).to_have_text("lunch")


def test_the_wallet_is_led_to_the_host_chain_first(send_page: Page, purse: FakeWallet) -> None:
    fill(send_page, wallet(4), "0.1")
    send_page.get_by_role("button", name="Sign and send").click()
    outcome(send_page, "good", "Paid and recorded")

    methods = [method for method, _ in purse.asked]
    assert methods[:5] == [
        "eth_requestAccounts", "wallet_switchEthereumChain", "eth_chainId", "eth_estimateGas", "eth_sendTransaction",
    ]  # fmt: skip
    assert purse.asked[1][1] == [{"chainId": hex(31337)}]


def test_a_wallet_that_announces_itself_is_found_too(node: str, visitor: Visitor, purse: FakeWallet) -> None:
    visitor.context.expose_function("askHost", purse.answer)
    visitor.context.add_init_script(WALLET.replace("window.ethereum", "window.kept") + ANNOUNCED)
    page = visitor.visit(f"{node}/send")

    expect(page.get_by_role("button", name="Sign and send")).to_be_enabled()
    expect(page.locator("#no-wallet")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_payment_being_written(
    node: str, visitor_with: Visit, purse: FakeWallet, axe_script: str, scheme: Scheme
) -> None:
    visitor = visitor_with(scheme=scheme)
    visitor.context.expose_function("askHost", purse.answer)
    visitor.context.add_init_script(WALLET)
    page = visitor.visit(f"{node}/send")
    fill(page, wallet(3), "1.5", "lunch")
    assert violations(page, axe_script) == []

    fill(page, "0x12", "-", "ä" * 17)
    page.get_by_role("button", name="Sign and send").click()

    assert violations(page, axe_script) == []
