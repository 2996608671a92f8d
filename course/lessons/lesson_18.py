"""Step 18: guessing ahead."""

import numpy as np

from course.lesson import Experiment, Kind, Lesson, Misconception
from course.lessons.guesses import (
    P,
    Q,
    accept_twice,
    acceptance,
    always,
    instead,
    kept,
    left,
    lookup,
    settled,
    sure,
    verify_twice,
    written,
)

LENGTHS = "range(LONGEST, SHORTEST - 1, -1)"
STARTS = "range(len(ids) - length - 1, -1, -1)"
FOLLOWED = "followed = ids[start + length :]"
AROUND = "[followed[i % len(followed)] for i in range(count)]"
KEPT = "rng.random() * q[token] < p[token]"
REST = "rest = np.maximum(p - q, 0)"
SCALED = "rest / rest.sum() if rest.any() else p"
ACCEPTED = "accept(token, p[place], q[place], rng)"
INSTEAD = "chances = remainder(p[place], q[place])"
REPLACED = "return [*kept, int(rng.choice(len(chances), p=chances))]"
BEHIND = "return [*kept, int(rng.choice(len(p[-1]), p=p[-1]))]"

LESSON = Lesson(
    number=18,
    title="Guessing ahead",
    defines={
        "prompt_lookup": Kind.FUNCTION,
        "accept": Kind.FUNCTION,
        "remainder": Kind.FUNCTION,
        "verify": Kind.FUNCTION,
    },
    hints=(
        "Four small pieces, and none knows a model. prompt_lookup asks where the last tokens stood "
        "before. accept lets a guess that comes too often pass more seldom. remainder says who has "
        "been short-changed by that, and by how much. verify goes through the guesses from left to "
        "right, and ends with a token that nobody guessed.",
        "`ids[start : start + length] == ids[-length:]` compares two pieces of a list; a `range` "
        "with a step of -1 counts down. `i % n` goes round in a list of n. `rng.random()` is a "
        "number from 0 to 1: it lies below x with probability x. `np.maximum(a, 0)` leaves nothing "
        "negative. `rng.choice(n, p=probabilities)` draws.",
        "The last place where something can follow starts at `len(ids) - length - 1`. A number is "
        "below p / q just when q times the number is below p: no division, no case of its own for "
        "p > q. What is left of p is divided by its sum, unless that is 0. In verify, `return` "
        "inside the loop ends the step at the first guess that is refused; behind the loop, the "
        "last row of p has its turn.",
    ),
    kernels=0,
    experiments=(
        lookup([5, 1, 2, 3, 8, 9, 1, 2, 3], 2),
        lookup([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], 1),
        lookup([1, 2, 3, 4, 6, 2, 3, 5, 1, 2, 3], 3),
        lookup([0, 1, 2, 3, 7, 9, 1, 2, 3, 8, 0, 1, 2, 3], 1),
        lookup([8, 2, 3, 4, 2, 3, 5, 6, 1, 2, 3], 2),
        lookup([4, 3, 5, 6, 3], 2),
        lookup([9, 1, 2, 3, 1, 2, 3], 5),
        lookup([1, 2, 1, 2], 6),
        lookup([5, 5, 5], 4),
        lookup([5, 1, 2, 3, 8, 9, 1, 2, 3], 0),
        lookup([3, 3], 2),
        lookup([], 2),
        always("p = 0.3 and q = 0.3", 1, (0.6, 0.3, 0.1), (0.5, 0.3, 0.2)),
        always("p = 0.3 and q = 0.2", 2, (0.6, 0.1, 0.3), (0.5, 0.3, 0.2)),
        always("p = 0 and q = 0.2", 0, (0.0, 0.9, 0.1), (0.2, 0.7, 0.1)),
        acceptance(0.1, 0.3),
        acceptance(0.4, 0.5),
        accept_twice(8, 8),
        accept_twice(8, 9),
        left("three tokens", np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.7, 0.2])),
        left("four tokens", P[0], Q[0]),
        left("no token in common", sure(2)[0], sure(1)[0]),
        left("p and q the same", P[2], P[2]),
        settled("nothing guessed", [], sure(2), Q[:0]),
        settled("both right", [3, 1], sure(3, 1, 2), sure(3, 1)),
        settled("the first wrong", [3, 1], sure(0, 1, 2), sure(3, 1)),
        settled("the second wrong", [3, 1, 2], sure(3, 0, 2, 1), sure(3, 1, 2)),
        kept(),
        instead(),
        written(0),
        written(1),
        written(2),
        Experiment("verify twice, one seed", verify_twice, piece="verify"),
    ),
    misconceptions=(
        Misconception(
            "The last two tokens are looked for before the last three: where more of the text is "
            "the same, the guess is better.",
            {LENGTHS: "range(SHORTEST, LONGEST + 1)"},
        ),
        Misconception(
            "It takes the first place where the tokens stood, and not the nearest: what was said "
            "last is the likeliest to be said again.",
            {STARTS: "range(len(ids) - length)"},
        ),
        Misconception(
            "The last tokens are found where they stand, at the end, and nothing follows them "
            "there.",
            {STARTS: "range(len(ids) - length, -1, -1)"},
        ),
        Misconception(
            "Where the text ends, the guesses end, too. A text that goes round in circles goes on "
            "doing so: begin again with what followed.",
            {AROUND: "followed[:count]"},
        ),
        Misconception(
            "The last token of the text is guessed again and again where nothing more follows. "
            "Begin again with what followed.",
            {AROUND: "[followed[min(i, len(followed) - 1)] for i in range(count)]"},
        ),
        Misconception(
            "The guess begins with the tokens that were looked for: they are in the text already, "
            "and what followed them is asked for.",
            {FOLLOWED: "followed = ids[start:]"},
        ),
        Misconception(
            "The token right behind the place is left out: it is the first guess.",
            {FOLLOWED: "followed = ids[start + length + 1 :] or ids[start:]"},
        ),
        Misconception(
            "A single token is looked for, too. One token stands in so many places that what "
            "followed it says little; it has to be two at least.",
            {LENGTHS: "range(LONGEST, 0, -1)"},
        ),
        Misconception(
            "As much of the end as possible is looked for, more than three tokens. Three are "
            "enough; of the places that have them, the nearest one counts.",
            {LENGTHS: "range(len(ids) - 1, SHORTEST - 1, -1)"},
        ),
        Misconception(
            "Only the last three tokens are looked for: where they were never there, the last two "
            "may have been.",
            {LENGTHS: "range(LONGEST, LONGEST - 1, -1)"},
        ),
        Misconception(
            "Places that overlap the end of the text are left out: in a text of one token, again "
            "and again, they are the best ones.",
            {STARTS: "range(len(ids) - 2 * length, -1, -1)"},
        ),
        Misconception(
            "A guess is kept if p is at least q, and refused otherwise. Then it is kept never "
            "where it should be kept seldom: chance has to have a say.",
            {KEPT: "p[token] >= q[token]"},
        ),
        Misconception(
            "A guess is kept with probability p, as if the drafter had no habits: q counts, too. "
            "What is guessed no more often than it should be is always kept.",
            {KEPT: "rng.random() < p[token]"},
        ),
        Misconception(
            "The ratio stands on its head: a guess is to be kept the more often the likelier the "
            "model finds it.",
            {KEPT: "rng.random() * p[token] < q[token]"},
        ),
        Misconception(
            "It says yes where it should say no: True means that the guess is kept.",
            {KEPT: "rng.random() * q[token] >= p[token]"},
        ),
        Misconception(
            "A guess is kept if it is the model's favourite. That is the rule for greedy text; "
            "here the others get their share.",
            {KEPT: "p.argmax() == token"},
        ),
        Misconception(
            "The ratio is that of q and p together, p / (p + q): then even a guess of which both "
            "think alike is refused half of the time.",
            {KEPT: "rng.random() * (p[token] + q[token]) < p[token]"},
        ),
        Misconception(
            "rng is not used: the same seed has to give the same answers.",
            {KEPT: "np.random.default_rng().random() * q[token] < p[token]"},
        ),
        Misconception(
            "One seed serves every decision, whatever rng says: all of them are the same.",
            {KEPT: "np.random.default_rng(0).random() * q[token] < p[token]"},
        ),
        Misconception(
            "What q has more than p counts as much as what p has more than q. The former has been "
            "guessed too often already.",
            {REST: "rest = np.abs(p - q)"},
        ),
        Misconception(
            "The difference stands on its head: it is p that has something left.",
            {REST: "rest = np.maximum(q - p, 0)"},
        ),
        Misconception(
            "The negative differences stay in: then the rest sums to 0, and no probability comes "
            "of it.",
            {REST: "rest = p - q"},
        ),
        Misconception(
            "What is left does not sum to 1: scale it, so that it can be drawn from.",
            {SCALED: "rest if rest.any() else p"},
        ),
        Misconception(
            "A softmax is no way to scale probabilities: it gives something to every token, and "
            "makes all of them alike. Divide by the sum.",
            {SCALED: "np.exp(rest) / np.exp(rest).sum() if rest.any() else p"},
        ),
        Misconception(
            "Where p and q are the same, nothing is left, and 0 divided by 0 is no number.",
            {SCALED: "rest / rest.sum()"},
        ),
        Misconception(
            "It is p itself that is left. Then the tokens that are guessed often are written more "
            "often still: they were guessed, and are drawn besides.",
            {SCALED: "p"},
        ),
        Misconception(
            "In the place of a refused guess, the draw is from p: then what is guessed too often "
            "is also written too often. It has to be from the remainder.",
            {INSTEAD: "chances = p[place]"},
        ),
        Misconception(
            "In the place of a refused guess, the draw is from p without that token. Others may "
            "have been guessed too often as well: the remainder knows all of them.",
            {
                INSTEAD: "chances = p[place] * (np.arange(len(p[place])) != token); "
                "chances = chances / chances.sum()"
            },
        ),
        Misconception(
            "The number that refused the guess is used again, for the draw in its place. That one "
            "is known to be large: take a new one.",
            {
                ACCEPTED: "((number := rng.random()) * q[place][token] < p[place][token])",
                REPLACED: "return [*kept, int(np.searchsorted(chances.cumsum(), number))]",
            },
        ),
        Misconception(
            "In the place of a refused guess stands the likeliest token: it has to be drawn.",
            {REPLACED: "return [*kept, int(chances.argmax())]"},
        ),
        Misconception(
            "In the place of a refused guess all tokens have the same chance: draw with the "
            "probabilities that are left.",
            {REPLACED: "return [*kept, int(rng.choice(len(chances)))]"},
        ),
        Misconception(
            "It goes on behind a refused guess: the later guesses were about another text, and "
            "have to be dropped.",
            {REPLACED: "kept.append(int(rng.choice(len(chances), p=chances))); continue"},
        ),
        Misconception(
            "A refused guess is passed over, and the next one takes its place: it was a guess "
            "about another text.",
            {REPLACED: "continue"},
        ),
        Misconception(
            "A refused guess leaves a gap: the model has said what it would write there, so draw "
            "a token in its place.",
            {REPLACED: "return kept"},
        ),
        Misconception(
            "The refused guess stays in the text: another token takes its place.",
            {REPLACED: REPLACED.replace("*kept,", "*kept, token,")},
        ),
        Misconception(
            "Nothing is drawn behind the last guess. The model has said what follows it, so the "
            "step makes a token more than were guessed.",
            {BEHIND: "return kept"},
        ),
        Misconception(
            "Behind the last guess stands the likeliest token: it has to be drawn.",
            {BEHIND: "return [*kept, int(p[-1].argmax())]"},
        ),
        Misconception(
            "Behind the last guess, the draw is from what the model said at the place of that "
            "guess: p has one row more than there are guesses.",
            {BEHIND: BEHIND.replace("p=p[-1]", "p=p[len(drafts) - 1]")},
        ),
        Misconception(
            "The rows of p are off by one: row 0 is about the place of the first guess, not about "
            "what follows it.",
            {ACCEPTED: "accept(token, p[place + 1], q[place], rng)"},
        ),
        Misconception(
            "Every guess is looked up in the first row of q: each was drawn from a row of its own.",
            {ACCEPTED: "accept(token, p[place], q[0], rng)"},
        ),
        Misconception(
            "What the model says at the first place decides about every guess: each place has a "
            "row of its own.",
            {ACCEPTED: "accept(token, p[0], q[place], rng)"},
        ),
    ),
)
