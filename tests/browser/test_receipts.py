"""A receipt is verified in the browser, with nobody asked."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.serving import Served

DROP = """
([text, selector]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], "receipt.json", { type: "application/json" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const given = { bubbles: true, cancelable: true, dataTransfer: carried };
    document.querySelector(selector).dispatchEvent(new DragEvent(kind, given));
  }
}
"""


@pytest.fixture(scope="module")
def receipt(served: Served) -> str:
    return httpx.get(f"{served.url}/api/v1/receipts/42").text


def root_of(receipt: str) -> str:
    return str(json.loads(receipt)["root"])


def verdict(page: Page, kind: str) -> str:
    shown = page.locator("#verdict")
    expect(shown).to_have_class(f"verdict {kind}")
    return shown.inner_text()


def check(page: Page, text: str, root: str = "") -> None:
    page.get_by_label("Or paste it").fill(text)
    page.get_by_label("The root that you know").fill(root)
    page.get_by_role("button", name="Verify", exact=True).click()


# forged


@pytest.mark.parametrize(
    ("field", "forged"),
    [
        (r'"value":"\d+"', '"value":"99000000000000000000"'),
        (r'"index":42', '"index":43'),
        (r'"recipient":"0x\w{40}"', '"recipient":"0x0000000000000000000000000000000000000001"'),
        (r'"proof":"....', '"proof":"AAAA'),
        (r'"checksum":"0x....', '"checksum":"0xdead'),
    ],
)
def test_a_forged_receipt_is_named_as_one(
    served: Served, visitor: Visitor, receipt: str, field: str, forged: str
) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, re.sub(field, forged, receipt, count=1))

    assert "Not proven" in verdict(page, "bad")


def test_a_sound_receipt_of_another_root_is_not_proven(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, receipt, "0x" + "ab" * 32)

    assert "Not proven" in verdict(page, "bad")


@pytest.mark.parametrize("text", ["", "no receipt", "[]", '{"format":"<img src=x onerror=alert(1)>"}', "{" * 5_000])
def test_what_is_no_receipt_is_said_to_be_none(served: Served, visitor: Visitor, text: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, text)

    assert len(verdict(page, "bad").splitlines()) >= 2
    assert page.locator("#verdict img").count() == 0


def test_a_root_that_cannot_be_read_is_said(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, receipt, "0x12")

    assert "A root is 0x and 64 hex digits." in verdict(page, "bad")


def test_a_file_that_is_far_too_large_is_not_even_read(served: Served, visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.visit(f"{served.url}/verify")
    (tmp_path / "large.json").write_bytes(b" " * (1 << 21))

    page.get_by_label("choose a file").set_input_files(tmp_path / "large.json")

    assert "more than a million" in verdict(page, "bad")


# good


def test_a_good_receipt_is_proven_against_a_root_that_is_known(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, receipt, root_of(receipt))

    said = verdict(page, "good")
    assert said.startswith("Proven")
    assert json.loads(receipt)["entry"]["recipient"] in said


def test_without_a_root_it_is_called_sound_and_no_more(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    check(page, receipt.rstrip("\n"))

    assert verdict(page, "good").startswith("Sound in itself")


def test_a_file_is_chosen(served: Served, visitor: Visitor, receipt: str, tmp_path: Path) -> None:
    page = visitor.visit(f"{served.url}/verify")
    (tmp_path / "receipt.json").write_text(receipt)

    page.get_by_label("choose a file").set_input_files(tmp_path / "receipt.json")

    assert "Sound in itself" in verdict(page, "good")


def test_a_file_is_dropped(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")

    page.evaluate(DROP, [receipt, "#drop"])
    assert "Sound in itself" in verdict(page, "good")

    page.evaluate(DROP, [receipt.replace('"index":42', '"index":41'), "#drop"])
    assert "Not proven" in verdict(page, "bad")


def test_a_file_whose_line_end_was_changed_is_refused_as_the_program_refuses_it(
    served: Served, visitor: Visitor, receipt: str
) -> None:
    page = visitor.visit(f"{served.url}/verify")

    page.evaluate(DROP, [receipt.replace("\n", "\r\n"), "#drop"])

    assert "Not proven" in verdict(page, "bad")


def test_the_entrys_page_leads_to_its_receipt_verified(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/entry/42")

    page.get_by_role("button", name="Verify it here").click()

    assert "#42" in verdict(page, "good")


def test_this_nodes_root_of_the_receipts_own_size_can_be_taken(growing: Served, visitor: Visitor) -> None:
    text = httpx.get(f"{growing.url}/api/v1/receipts/5").text
    growing.add(*growing.world.story.entries[:3])
    page = visitor.visit(f"{growing.url}/verify")
    page.get_by_label("Or paste it").fill(text)

    page.get_by_role("button", name="Take this node’s").click()
    expect(page.get_by_label("The root that you know")).to_have_value(root_of(text))
    page.get_by_role("button", name="Verify", exact=True).click()

    assert verdict(page, "good").startswith("Proven")


def test_verifying_asks_nobody_and_works_without_a_network(served: Served, visitor: Visitor, receipt: str) -> None:
    page = visitor.visit(f"{served.url}/verify")
    expect(page.get_by_role("button", name="Verify", exact=True)).to_be_enabled()
    page.wait_for_load_state("load")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    check(page, receipt, root_of(receipt))

    assert verdict(page, "good").startswith("Proven")
    assert [url for url in asked if "/stream" not in url] == []
