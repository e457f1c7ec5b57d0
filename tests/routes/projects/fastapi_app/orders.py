from fastapi import APIRouter

router = APIRouter(prefix="/orders")
lines = APIRouter(prefix="/{order}/lines")


@router.get("")
async def list_orders() -> list[int]:
    return []


@router.post("")
async def create_order() -> int:
    return 1


@lines.get("/{line}")
async def read_line(order: int, line: int) -> int:
    return line


router.include_router(lines)
