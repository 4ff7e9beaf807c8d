"""The news that the chain moved: nobody who waits misses it, whichever thread it comes from."""

from __future__ import annotations

import asyncio
import threading

from smartchain.node.feed import Feed


def test_who_has_not_seen_the_last_move_does_not_wait() -> None:
    feed = Feed()
    feed.moved()

    assert asyncio.run(feed.after(0)) == 1


def test_all_who_wait_are_woken_by_a_move_in_another_thread() -> None:
    feed = Feed()

    async def wait() -> list[int]:
        waiting = asyncio.gather(*(feed.after(0, 10) for _ in range(100)))
        await asyncio.sleep(0)
        thread = threading.Thread(target=feed.moved)
        thread.start()
        counts = await waiting
        thread.join()
        return counts

    assert asyncio.run(wait()) == [1] * 100


def test_without_news_the_wait_ends_when_its_time_is_up() -> None:
    assert asyncio.run(Feed().after(0, 0.01)) == 0


def test_a_feed_that_is_closed_sends_everybody_home() -> None:
    feed = Feed()

    async def wait() -> int:
        waiting = asyncio.ensure_future(feed.after(0))
        await asyncio.sleep(0)
        feed.close()
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(wait()) == 0
    assert feed.closed


def test_a_loop_that_is_gone_holds_nobody_up() -> None:
    feed = Feed()

    async def leave() -> None:
        waiting = asyncio.ensure_future(feed.after(0))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    feed.moved()

    assert feed.count == 1


def test_listeners_hear_of_a_move_before_it_returns() -> None:
    feed, heard = Feed(), list[int]()
    feed.listen(lambda: heard.append(feed.count))

    feed.moved()
    feed.moved()

    assert heard == [1, 2]
