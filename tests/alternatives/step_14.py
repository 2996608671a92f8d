"""Other right answers for step 14."""

ALTERNATIVES = {
    "sorted arrays, masks of what goes": {
        1: """
            was_there = np.isin(np.arange(len(logits)), ids)
            lower = np.minimum(logits * penalty, logits / penalty)
            higher = np.maximum(logits * penalty, logits / penalty)
            return np.where(was_there, lower if penalty > 1 else higher, logits)
        """,
        2: """
            descending = np.sort(logits)[::-1]
            result = np.array(logits)
            result[result < descending[:k][-1]] = NEVER
            return result
        """,
        3: """
            rising = np.argsort(logits, kind="stable")
            together = np.cumsum(softmax(logits[rising]))
            goes = together <= 1 - p
            goes[-1] = False
            result = logits.copy()
            result[rising[goes]] = NEVER
            return result
        """,
        4: """
            result = logits.copy()
            with np.errstate(divide="ignore"):
                result[logits < logits.max() + np.log(p)] = NEVER
            return result
        """,
    },
    "lists and loops": {
        1: """
            penalized = [float(logit) for logit in logits]
            for token in dict.fromkeys(ids):
                penalized[token] *= penalty if penalized[token] < 0 else 1 / penalty
            return np.array(penalized, np.float32)
        """,
        2: """
            ranks = [sum(other > logit for other in logits) for logit in logits]
            return np.array(
                [logit if rank < k else NEVER for logit, rank in zip(logits, ranks)]
            )
        """,
        3: """
            chances = softmax(logits)
            result, total = [NEVER] * len(logits), 0.0
            for token in sorted(range(len(logits)), key=lambda i: (logits[i], i), reverse=True):
                result[token] = logits[token]
                total += chances[token]
                if total >= p:
                    break
            return np.array(result, np.float32)
        """,
        4: """
            ratios = np.exp(logits - np.max(logits))
            return np.array([x if ratio >= p else NEVER for x, ratio in zip(logits, ratios)])
        """,
    },
    "heaps and thresholds": {
        2: """
            import heapq

            return np.where(logits >= min(heapq.nlargest(k, logits)), logits, NEVER)
        """,
        3: """
            ids = np.lexsort((np.arange(len(logits)), logits))[::-1]
            needed = 1 + int(np.searchsorted(np.cumsum(softmax(logits)[ids]), p))
            keep = np.zeros(len(logits), bool)
            keep[ids[:needed]] = True
            return np.where(keep, logits, NEVER)
        """,
    },
}
