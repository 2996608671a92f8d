"""Other right answers for step 18."""

ALTERNATIVES = {
    "one token more at a time, logarithms, chances summed up": {
        1: """
            text = list(ids)
            for _ in range(count):
                for n in (LONGEST, SHORTEST):
                    places = [i for i in range(n, len(text)) if text[i - n : i] == text[-n:]]
                    if places:
                        text.append(text[places[-1]])
                        break
                else:
                    return []
            return text[len(ids) :]
        """,
        2: """
            with np.errstate(divide="ignore"):
                return np.log(rng.random()) <= np.log(p[token]) - np.log(q[token])
        """,
        3: """
            rest = np.where(p > q, p - q, 0)
            total = np.sum(rest)
            if total == 0:
                return p.copy()
            return rest / total
        """,
        4: """
            def draw(chances):
                return int(np.searchsorted(np.cumsum(chances), rng.random(), side="right"))

            count = 0
            while count < len(drafts) and accept(drafts[count], p[count], q[count], rng):
                count += 1
            last = p[count] if count == len(drafts) else remainder(p[count], q[count])
            return list(drafts[:count]) + [draw(last)]
        """,
    },
    "the text as a string, all numbers drawn in advance": {
        1: """
            words = "".join(f" {token}," for token in ids)
            for length in (3, 2):
                last = "".join(f" {token}," for token in ids[-length:])
                place = words.rfind(last, 0, len(words) - 1) if len(ids) > length else -1
                if place >= 0:
                    behind = words[place + len(last) :].split(",")[:-1]
                    behind = [int(token) for token in behind]
                    return (behind * (count + 1))[:count]
            return []
        """,
        2: """
            if p[token] >= q[token]:
                return True
            return rng.uniform() <= p[token] / q[token]
        """,
        3: """
            rest = (p - q).clip(min=0.0)
            if not np.any(rest > 0):
                return p
            return rest / np.linalg.norm(rest, 1)
        """,
        4: """
            count = len(drafts)
            numbers = rng.random(count + 1)
            lines = [remainder(p[i], q[i]) for i in range(count)] + [p[count]]
            spare = [rng.multinomial(1, line).argmax() for line in lines]
            for i in range(count):
                if numbers[i] > p[i][drafts[i]] / q[i][drafts[i]]:
                    return [*drafts[:i], spare[i]]
            return [*drafts, spare[count]]
        """,
    },
    "a coin of two sides, a generator that stops": {
        2: """
            chance = min(1.0, p[token] / q[token])
            return rng.choice([True, False], p=[chance, 1 - chance])
        """,
        3: """
            rest = p - np.minimum(p, q)
            return rest / rest.sum() if rest.sum() > 0 else p
        """,
        4: """
            tokens = list(range(p.shape[1]))
            for place in range(len(drafts)):
                if not accept(drafts[place], p[place], q[place], rng):
                    new = rng.choice(tokens, p=remainder(p[place], q[place]))
                    return [*drafts[:place], new]
            return [*drafts, rng.choice(tokens, p=p[len(drafts)])]
        """,
    },
}
