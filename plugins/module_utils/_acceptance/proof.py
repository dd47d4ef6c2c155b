# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One acceptance, step by step: what was made is removed, whatever happens."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import model, ours, words
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.custody import Custody, Entry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.looking import Sight
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import Step, Wanted, standing
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.plan import (
    ASK,
    BROKEN,
    DONE,
    FORCE,
    WAIT,
    next_move,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    DELETED,
    Environment,
    EnvironmentApi,
    Order,
    current,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.failures import LOST
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

# An environment takes minutes; the calls of a batch share a limit.
PACE = Pace(first=1.0, longest=5.0, growth=1.3)
# Seconds for the last try, by force.
FORCED = 60.0
# Seconds until a list has what was created, and until a creation is carried out that nobody answered, as a rule.
LAG, LATE = 5.0, 20.0
# Refusals of a call that repeating it changes nothing about.
FINAL = frozenset({"permission_denied", "unauthenticated", "unimplemented", "invalid_argument"})
Look = t.Callable[[t.Sequence[str]], Sight]


@dataclasses.dataclass(frozen=True)
class Means:
    """With what an acceptance is carried out.

    :param tell: is given what is waited for.
    :param look: looks at URLs once; C(None) leaves that out.
    """

    api: EnvironmentApi
    clock: Clock
    custody: Custody
    tell: t.Callable[[str], None]
    look: Look | None
    now: t.Callable[[], float] = time.time


class Proof:
    """What is done on one runner.

    :param runner: its name, for messages.
    """

    def __init__(self, means: Means, wanted: Wanted, runner: str) -> None:
        self._means, self._wanted, self._runner = means, wanted, runner
        self.steps: list[Step] = []
        self.warnings: list[str] = []
        self.removed = 0

    @contextlib.contextmanager
    def step(self, name: str) -> t.Iterator[list[str]]:
        """A step with its time; what is put into the list is its detail, and what is raised its failure."""
        detail: list[str] = []
        start, state = self._means.clock.now(), model.FAILED
        try:
            yield detail
            state = model.PASSED
        except RunnerError as error:
            detail = [error.what]
            raise
        finally:
            self.steps.append(Step(name, state, self._means.clock.now() - start, "; ".join(detail)))

    def leave_out(self, name: str, detail: str) -> None:
        """A step that is none."""
        self.steps.append(Step(name, model.LEFT_OUT, 0.0, detail))

    def remove_leftovers(self, runner_id: str) -> None:
        """Those of earlier runs; one that cannot be removed is a warning, unless the list itself cannot be read.

        :raises ApiError: it cannot.
        """
        api = self._means.api
        with self.step(model.LEFTOVERS) as detail:
            found = ours.Found.of(api.own_environments(runner_id), self._means.now)
            kept = [left for left in found.left if not self._removed(left)]
            self.removed = len(found.left) - len(kept)
            detail.extend([f"{self.removed} removed"] if found.left else [])
            detail.extend([f"{len(found.others)} of other runs that go on"] if found.others else [])
        if kept:
            self.steps[-1] = dataclasses.replace(self.steps[-1], state=model.WARNED)

    def _removed(self, left: Environment, whose: str = "of an earlier run") -> bool:
        self._means.tell(f"{left.name} {whose} to go")
        outcome, refusal = self._delete(left)
        if outcome != DONE:
            self.warnings.append(words.leftover(left, whose, refusal))
        return outcome == DONE

    def prove(self, order: Order) -> None:
        """Create it, wait until it runs, look at its URL, stop and delete it.

        :raises RunnerError: what failed first; the environment is gone all the same, or the error says that it is not.
        """
        with self._means.custody.of(self._means.api, order) as entry:
            failure: RunnerError | None = None
            try:
                self._made(entry)
                self._running(entry)
                self._seen(entry)
            except RunnerError as error:
                failure = error
            finally:
                # Also where this collection itself is at fault.
                left = self._cleaned_up(entry, failure is None)
            if failure and left:
                raise words.both(failure, left)
            if failure:
                raise failure
            if left:
                raise left

    def _made(self, entry: Entry) -> None:
        with self.step(model.CREATE) as detail:
            self._means.tell("an environment to be created")
            try:
                made = self._means.api.create_environment(entry.order, lambda: entry.over)
                entry.found, entry.sure = made.environment, made.sure
            except ApiError as error:
                entry.sure = error.code not in LOST
                raise words.not_created(error, self._wanted) from error
            detail.append(entry.found.name)

    def _running(self, entry: Entry) -> None:
        with self.step(model.RUN) as detail:
            found = entry.found
            if found is None:
                return
            outcome, refusal = self._waited(entry, model.RUN, self._wanted.timeout)
            if outcome != DONE:
                raise refusal or words.not_running(entry.found or found, self._runner, self._wanted)
            detail.extend((entry.found or found).troubles)

    def _seen(self, entry: Entry) -> None:
        look = self._means.look
        if look is None:
            self.leave_out(model.URL, "not asked for (gitpod_acceptance_url)")
            return
        with self.step(model.URL) as detail:
            sight = Sight(False, "nothing was looked at")
            for _elapsed in poll(self._means.clock, self._wanted.url_timeout, PACE):
                sight = look(entry.found.urls if entry.found else ())
                if sight.answered:
                    detail.append(sight.detail)
                    return
                self._means.tell(f"the environment's URL ({sight.detail})")
                # A URL may come later than the phase.
                with contextlib.suppress(ApiError):
                    self._look_again(entry)
            raise words.not_answering(sight, self._runner, self._wanted)

    def _cleaned_up(self, entry: Entry, well: bool) -> RunnerError | None:
        """What of it failed; C(None) when the environment is gone, or never came."""
        found, failure = entry.found, None
        if found is None:
            strays = 0 if entry.sure else self._remove_strays(entry, LATE)
            self.leave_out(model.STOP, "there is no environment")
            came = f"{strays} that a lost answer had made" if strays else "there is no environment"
            self.leave_out(model.DELETE, came)
            return None
        if well:
            with contextlib.suppress(RunnerError), self.step(model.STOP):
                outcome, refusal = self._waited(entry, model.STOP, self._wanted.cleanup_timeout)
                if outcome != DONE:
                    failure = words.not_stopped(entry.found or found, self._runner, self._wanted, refusal)
                    raise failure
        else:
            # The API stops what it deletes (DeleteEnvironment, its reference).
            self.leave_out(model.STOP, "deleted at once")
        with contextlib.suppress(RunnerError), self.step(model.DELETE) as detail:
            outcome, refusal = self._delete(entry.found or found, entry)
            if outcome != DONE:
                failure = words.not_deleted(entry.found or found, self._runner, refusal)
                raise failure
            strays = 0 if entry.sure else self._remove_strays(entry, LAG)
            detail.append(f"gone, and {strays} that a lost answer had made" if strays else "gone")
        return failure

    def _remove_strays(self, entry: Entry, patience: float) -> int:
        """How many there were besides, each of which is removed, or told in a warning.

        :param patience: seconds in which one may yet show itself.
        """
        known = {entry.found.id} if entry.found else set()
        strays = 0
        for _elapsed in poll(self._means.clock, patience, PACE):
            try:
                others = entry.others(known)
            except ApiError:
                # The next acceptance looks again.
                break
            if strays and not others:
                break
            known |= {other.id for other in others}
            strays += sum(self._removed(other, "that a lost answer had made") for other in others)
        return strays

    def _delete(self, found: Environment, entry: Entry | None = None) -> tuple[str, RunnerError | None]:
        """Have it deleted, in the end by force."""
        held = entry or Entry(self._means.api, _unordered(found))
        held.found = found
        outcome, refusal = self._waited(held, model.DELETE, self._wanted.cleanup_timeout)
        if outcome == FORCE:
            outcome, refusal = self._waited(held, model.DELETE, FORCED, forced=True)
        return outcome, refusal

    def _waited(self, entry: Entry, part: str, timeout: float, forced: bool = False) -> tuple[str, RunnerError | None]:
        """What the part came to, and what of it was refused last."""
        asked, refusal = False, None
        for elapsed in poll(self._means.clock, timeout, PACE):
            try:
                found = self._look_again(entry)
            except ApiError as error:
                if part == model.RUN or error.code in FINAL:
                    return BROKEN, error
                found, refusal = t.cast("Environment", entry.found), error
            move = next_move(standing(part, found, elapsed >= timeout, asked, forced))
            if move == ASK:
                try:
                    self._ask(part, found, forced)
                    asked, refusal = True, None
                except ApiError as error:
                    refusal = error
                    if error.code in FINAL:
                        return BROKEN, error
            elif move != WAIT:
                return move, refusal
            self._means.tell(words.waiting(part, found))
        return BROKEN, refusal

    def _ask(self, part: str, found: Environment, forced: bool) -> None:
        if part == model.STOP:
            self._means.api.stop_environment(found)
        else:
            self._means.api.delete_environment(found, forced)

    def _look_again(self, entry: Entry) -> Environment:
        found = t.cast("Environment", entry.found)
        entry.found = found if found.phase == DELETED else current(self._means.api, found)
        return entry.found


def _unordered(found: Environment) -> Order:
    """Of an environment that another run has ordered."""
    return Order("", found.name, "", "", found.annotations, ours.OF_RUN)
