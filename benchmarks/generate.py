"""A made-up service of any size: routers call services, services call clients and tables, all in other modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = 4  # files per feature

_MODEL = '''"""Table {n}."""
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.base import Base


class Item{n}(Base):
    __tablename__ = "items_{n}"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int] = mapped_column(ForeignKey("items_{before}.id"))
    parent: Mapped["Item{n}"] = relationship()


class Items{n}:
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, key: int) -> Item{n} | None:
        return self.session.get(Item{n}, key)

    def named(self, name: str) -> list[Item{n}]:
        return self.session.scalars(select(Item{n}).where(Item{n}.name == name).limit(50)).all()
'''
_CLIENT = '''"""Remote service {n}."""
import requests

from app.clients.client_{before} import Client{before}


class Client{n}:
    def __init__(self, url: str, other: Client{before}) -> None:
        self.url = url
        self.http = requests.Session()
        self.other = other

    def read(self, path: str) -> dict:
        answer = self.http.get(self.url + path, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def forward(self, path: str) -> dict:
        return self.other.read(path)
'''
_SERVICE = '''"""What feature {n} does."""
import logging

from app.clients.client_{n} import Client{n}
from app.models.model_{n} import Item{n}, Items{n}
from app.services.helpers import clean

logger = logging.getLogger(__name__)


class Service{n}:
    def __init__(self, items: Items{n}, client: Client{n}) -> None:
        self.items = items
        self.client = client

    def refresh(self, key: int) -> Item{n}:
        item = self.items.get(key)
        if item is None:
            raise LookupError(key)
        try:
            item.name = clean(self.client.read(f"/items/{{item.id}}")["name"])
        except KeyError:
            logger.warning("no name for %s", key)
        return item

    def parents(self, name: str) -> list[str]:
        return [item.parent.name for item in self.items.named(name)]
'''
_ROUTER = '''"""Routes of feature {n}."""
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from app.base import get_session
from app.clients.client_{n} import Client{n}
from app.models.model_{n} import Items{n}
from app.services.service_{n} import Service{n}

router = APIRouter(prefix="/feature-{n}")


def get_service(session: Annotated[Session, Depends(get_session)], client: Client{n}) -> Service{n}:
    return Service{n}(Items{n}(session), client)


@router.get("/{{key}}")
async def read(key: int, service: Annotated[Service{n}, Depends(get_service)]) -> str:
    return service.refresh(key).name


@router.get("")
def names(name: str, service: Annotated[Service{n}, Depends(get_service)]) -> list[str]:
    return service.parents(name)
'''
_BASE = '''"""Shared by all features."""
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine("postgresql://localhost/app")


class Base(DeclarativeBase):
    pass


def get_session():
    with Session(engine) as session:
        yield session
'''


def generate(root: Path, files: int) -> None:
    """Write about ``files`` Python files below ``root``."""
    for folder in ("", "models", "clients", "services", "routers"):
        (root / "app" / folder).mkdir(parents=True, exist_ok=True)
        (root / "app" / folder / "__init__.py").write_text("")
    (root / "pyproject.toml").write_text("")
    (root / "app/base.py").write_text(_BASE)
    (root / "app/services/helpers.py").write_text("def clean(text: str) -> str:\n    return text.strip()\n")
    features = max(1, (files - 7) // LAYERS)
    for number in range(features):
        names = {"n": number, "before": max(0, number - 1)}
        (root / f"app/models/model_{number}.py").write_text(_MODEL.format(**names))
        (root / f"app/clients/client_{number}.py").write_text(_CLIENT.format(**names))
        (root / f"app/services/service_{number}.py").write_text(_SERVICE.format(**names))
        (root / f"app/routers/router_{number}.py").write_text(_ROUTER.format(**names))
