"""The examples that users read are true: those in the rules' own words, and the service in ``examples/``."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flake8_backend.config import Options
from flake8_backend.core.registry import all_rules
from tests.harness.cases import Case, check, copied, findings
from tests.harness.fixing import fix_case, fix_everything

if TYPE_CHECKING:
    from flake8_backend.core.rule import Example

EXAMPLES = [
    pytest.param(rule.code, example, id=f"{rule.code}-{number}")
    for rule in all_rules()
    for number, example in enumerate(rule.examples, start=1)
]
SHOP = Path(__file__).parent.parent / "examples/shop"


def project(code: str, text: str) -> Case:
    return Case(code, "example.py", {"example.py": text.encode()})


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_the_bad_example_is_reported_and_the_good_one_is_not(code: str, example: Example, tmp_path: Path) -> None:
    bad = check(project(code, example.bad), tmp_path / "bad")["example.py"]
    good = check(project(code, example.good), tmp_path / "good")["example.py"]
    assert [found.code for found in bad][:1] == [code]
    assert good == []


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_a_fixed_example_reads_like_the_good_one(code: str, example: Example, tmp_path: Path) -> None:
    case = project(code, example.bad)
    after = fix_case(case, tmp_path).texts["example.py"]
    assert (after == example.good) == example.fixed, after


def shop_findings(root: Path) -> Counter[tuple[str, str, str]]:
    """File, code and the line that is reported."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for path, found in findings(root, Options(use_cache=False)).items():
        lines = (root / path).read_text(encoding="utf-8").splitlines()
        counted.update((path, item.code, lines[item.span.line - 1].strip()) for item in found)
    return counted


MISTAKES = (
    ("shop/clients/carrier.py", "BE002", "requests.get("),
    ("shop/repositories/products.py", "BE003", "WHERE sku ="),
    ("shop/repositories/reports.py", "BE003", "revenue_by_month(status)"),
    ("shop/routers/backoffice.py", "BE005", "order.customer.name"),
    ("shop/routers/orders.py", "BE001", "checkout.pay("),
    ("shop/routers/products.py", "BE004", "ProductRepository(session).all()"),
    ("shop/services/backlog.py", "BE005", "total_of(order)"),
    ("shop/services/exchange.py", "BE001", "time.sleep(interval)"),
)


def test_the_example_service_has_the_mistakes_that_its_readme_promises() -> None:
    found = list(shop_findings(SHOP).elements())
    for path, code, text in MISTAKES:
        assert [line for place, name, line in found if (place, name) == (path, code) and text in line], (path, code)
    assert len(found) == len(MISTAKES), found


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("shop/routers/orders.py", "BE001"),
        ("shop/repositories/reports.py", "BE003"),
        ("shop/services/backlog.py", "BE005"),
    ],
)
def test_the_example_service_shows_chains_across_modules(path: str, code: str) -> None:
    (item,) = [item for item in findings(SHOP, Options(use_cache=False))[path] if item.code == code]
    assert {related.path for related in item.related} - {path}


def test_the_example_service_is_repaired_where_it_can_be(tmp_path: Path) -> None:
    root = copied(SHOP, tmp_path / "shop")
    before = shop_findings(root)
    safe = fix_everything(root, Options(use_cache=False), unsafe=False).texts
    assert "            await asyncio.sleep(interval)\n" in safe["shop/services/exchange.py"]
    assert sum(text != (SHOP / path).read_text(encoding="utf-8") for path, text in safe.items()) == 1

    after = fix_everything(root, Options(use_cache=False)).texts
    assert "timeout=10" in after["shop/clients/carrier.py"]
    assert "sku = :sku" in after["shop/repositories/products.py"]
    assert "load(Order.customer)" in after["shop/routers/backoffice.py"]
    left = shop_findings(root)
    assert left < before
    assert {(path, code) for path, code, _ in before - left} >= {
        ("shop/clients/carrier.py", "BE002"),
        ("shop/repositories/products.py", "BE003"),
        ("shop/routers/backoffice.py", "BE005"),
        ("shop/services/exchange.py", "BE001"),
    }


def run(module: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_example_service_reads_as_the_readme_shows_it(tmp_path: Path) -> None:
    copied(SHOP, tmp_path / "examples/shop")
    linted = run("flake8", "--select", "BE", "--exit-zero", "examples", folder=tmp_path)
    assert (linted.returncode, linted.stderr) == (0, "")
    assert Counter(line.split()[1] for line in linted.stdout.splitlines()) == Counter(code for _, code, _ in MISTAKES)
    assert "`CheckoutService.pay` → " in linted.stdout

    shown = run("flake8_backend", "--diff", "--unsafe-fixes", "examples", folder=tmp_path)
    assert shown.returncode == 1, "which the README's command takes for success"
    added = [line[1:].strip() for line in shown.stdout.splitlines() if line.startswith("+")]
    assert "await asyncio.sleep(interval)" in added
    assert any("timeout=10" in line for line in added)
    assert any("sku = :sku" in line for line in added)
    assert any("load(Order.customer)" in line for line in added)


PACK = """
[pack]
name = "acme"
imports = ["acme"]
topic = "http-client"

[pack.distributions]
acme = { version = "1", modules = ["acme"] }
"""


def test_the_configuration_in_the_readme_works(tmp_path: Path) -> None:
    readme = (SHOP.parent.parent / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```toml\n(\[tool\.flake8-backend\]\n.*?)```", readme, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/acme.toml").write_text(PACK)
    (tmp_path / "app.py").write_text("import acme.http\n\n\nasync def f(url):\n    acme.http.fetch(url)\n")
    shown = run("flake8_backend", "check", "app.py", folder=tmp_path)
    assert (shown.returncode, shown.stdout.count("app.py:5:")) == (1, 2), shown
    assert {"BE001", "BE002"} == {line.split()[1] for line in shown.stdout.splitlines() if line.startswith("app.py:")}
    run("flake8_backend", "--unsafe-fixes", "--select", "BE002", "app.py", folder=tmp_path)
    assert "acme.http.fetch(url, timeout=5)" in (tmp_path / "app.py").read_text()
