"""The one sentence a colleague may say, and what it may never say.

A sentence asks; it never states what the customer has not told us, and never touches what is nobody's business
(product.md 3 and 4). What does not pass is not shown, wherever its words came from.
"""

import re
from typing import Final

from edge.recognition.profile import Profile
from staff_ui.pages.values import text, whole
from staff_ui.words import Words

MOST_WORDS: Final = 12
# Health, body, belief, family, money, age, and having watched somebody: in no sentence, in no language of ours.
NEVER: Final = {
    "ziek", "ziekte", "zwanger", "dieet", "allergie", "medicijn", "dik", "mager", "handicap", "geloof", "kerk",
    "moskee", "politiek", "gezin", "kinderen", "man", "vrouw", "alleenstaand", "gescheiden", "rijk", "arm", "duur",
    "salaris", "oud", "leeftijd", "jaar", "gezien", "gevolgd", "weten", "thuis", "woont",
    "ill", "illness", "pregnant", "diet", "allergy", "medicine", "fat", "thin", "disabled", "faith", "church",
    "mosque", "politics", "family", "children", "husband", "wife", "single", "divorced", "rich", "poor", "salary",
    "old", "age", "year", "seen", "followed", "know", "home", "live",
}  # fmt: skip


def lint(sentence: str) -> list[str]:
    """What is wrong with a sentence; nothing when it may be said."""
    bare = sentence.strip().strip("“”\"'")
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", bare)]
    wrong = []
    if not bare.endswith("?"):
        wrong.append("it states; it should ask")
    if len(words) > MOST_WORDS:
        wrong.append("it is too long to say")
    if any(letter.isdigit() for letter in bare):
        wrong.append("it counts or dates something")
    wrong += [f"it speaks of {word}" for word in words if word in NEVER]
    return wrong


def to_say(profile: Profile, words: Words, *, now_ms: int) -> tuple[str, str]:
    """The sentence and where it comes from; both empty when there is nothing to say, or nothing that may be said."""
    last = profile.values.get("last")
    what, at_ms = text(last, "what"), whole(last, "at_ms")
    if not what or at_ms is None:
        return "", ""
    sentence = words.say("say.how_is", what=what)
    if lint(sentence):
        return "", ""
    ago = words.ago(at_ms, now_ms=now_ms)
    return sentence, words.say("say.bought", ago=ago[:1].upper() + ago[1:])
