"""Says an Answer in one sentence: what happened, why, and what would have been taken."""

from __future__ import annotations

from collections.abc import Callable

from suanwang.market.explain.parts import Answer, Kind, Reason, Taken

Say = Callable[..., str]
#: How the sentence begins, by what happened.
HEADS = {
    Taken.ACCEPTED: "{kind} {id} was accepted",
    Taken.PARTLY: "{kind} {id} was accepted in part ({part} of {whole} {unit})",
    Taken.REJECTED: "{kind} {id} was rejected",
}
KINDS = {
    Kind.ASK: "Ask",
    Kind.BID: "Bid",
    Kind.BLOCK_ASK: "Block ask",
    Kind.BLOCK_BID: "Block bid",
    Kind.JOB: "Job",
    Kind.OFFER: "Offer",
}
#: Why, by code of a Reason.
REASONS = {
    "bid-good": "its limit of {limit} is above the price of {price} at {node}",
    "bid-at": "its limit of {limit} is just the price at {node}",
    "bid-bad": "its limit of {limit} is below the price of {price} at {node}",
    "ask-good": "its limit of {limit} is below the price of {price} at {node}",
    "ask-at": "its limit of {limit} is just the price at {node}",
    "ask-bad": "its limit of {limit} is above the price of {price} at {node}",
    "ask-good-carbon": "its limit of {limit} and {carbon} for carbon are below the price of"
    " {price} at {node}",
    "ask-at-carbon": "its limit of {limit} and {carbon} for carbon are just the price of {price}"
    " at {node}",
    "ask-bad-carbon": "its limit of {limit} and {carbon} for carbon are above the price of"
    " {price} at {node}",
    "shares": "orders at just the price get what is left",
    "lot": "its lot of {lot} cards does not fit what is left",
    "nothing": "it is for 0 cards",
    "pool-ask": "the cards of its pool {pool} find no more takers",
    "link-in": "cheaper cards of {zone} at {price} cannot come, since the link {link} is full in"
    " slot {slot} and costs {rent} a card-hour",
    "link-out": "{zone} would pay {price}, but the link {link} is full in slot {slot} and costs"
    " {rent} a card-hour",
    "link-data": "the link {link} for its data is full in slot {slot} and costs {price} a GB and"
    " hour",
    "block-average": "its limit is {limit} and the average price of its slots {price}",
    "block-average-carbon": "its limit is {limit} with {carbon} for carbon and the average price"
    " of its slots {price}",
    "block-even": "it would gain nothing",
    "gains": "it gains {gain} yuan",
    "would-lose": "it would lose {loss} yuan",
    "uplifted": "it loses {loss} yuan, which uplift pays back",
    "moves-prices": "it would gain {gain} yuan at these prices, but taking it moves them",
    "parent-left": "its parent {parent} was not taken",
    "parent-part": "its parent {parent} was taken at {share}",
    "group-other": "{other} of its group {group} was taken",
    "runs": "it runs on {places} in slots {slots}, costs {cost} yuan and is worth {value}: a gain"
    " of {gain}",
    "runs-uplifted": "it runs on {places} in slots {slots}, costs {cost} yuan and is worth"
    " {value}: uplift pays back the loss of {gain}",
    "dear": "its cheapest way, on {places} in slots {slots}, costs {cost} yuan and its value is"
    " {value}",
    "steps-dear": "its best way, on {places} in slots {slots}, costs {short} yuan more than it is"
    " worth",
    "work-dear": "all its work, best on {places} in slots {slots}, would need {short} yuan more"
    " of value",
    "rest-dear": "the rest costs more than it is worth",
    "job-moves-prices": "it would gain {gain} yuan on {places} in slots {slots} at these prices,"
    " but taking it moves them",
    "pool-short": "gangs are short of cards in the pool {pool}, up to {price} a card-hour on top",
    "no-way": "no zone and class that it names can do all its work in its slots",
    "no-part": "no part of it is worth what it costs",
    "offer-on": "it is on in slots {slots}, costs {cost} yuan and earns {income}",
    "offer-uplifted": "it is on in slots {slots}, costs {cost} yuan and earns {income}; uplift"
    " pays back the loss",
    "offer-dear": "no run of its slots earns what it costs",
    "offer-dear-start": "no run of its slots earns what it costs with {start} yuan for its start",
}
#: What would have been taken, by code of a Reason.
TURNINGS = {
    "limit": "at these prices a limit of {limit} would have been taken in full",
    "limit-kept": "at these prices it could have gone to a limit of {limit}",
    "limit-none": "no limit that the case allows is surely taken; {limit} shares what is left",
    "limit-even": "at these prices it would break even at a limit of {limit}",
    "value": "at these prices a value of {value} yuan would have been taken",
    "value-kept": "at these prices a value of {value} yuan would have been enough",
    "value-steps": "at these prices {more} yuan more in each value would have been taken",
    "value-steps-kept": "at these prices {more} yuan less in each value would have been enough",
    "end": "at these prices it would have been taken with a deadline after slot {slot}",
    "end-kept": "at these prices a deadline after slot {slot} would have been enough",
    "value-least": "at these prices it needs a value of {value} yuan or more",
    "value-kept-least": "at these prices it needs a value of {value} yuan or more",
    "value-steps-least": "at these prices it needs {more} yuan or more on top of each value",
    "value-steps-kept-least": "at these prices each value may be lower by {more} yuan at most",
    "end-least": "at these prices it needs a deadline after slot {slot} or later",
    "end-kept-least": "at these prices it needs a deadline after slot {slot} or later",
    "end-none": "no later deadline helps",
    "offer-lower": "at these prices limits lower by {less} would have been taken",
    "again-limit": "cleared again, it is taken at a limit of {yes} and not at {no}",
    "again-limit-all": "cleared again, it is taken even at a limit of {yes}",
    "again-limit-none": "cleared again, it is not taken even at a limit of {no}",
    "again-value": "cleared again, it is taken with a value of {yes} yuan and not with {no}",
    "again-value-steps": "cleared again, it is taken with each value changed by {yes} yuan and not"
    " by {no}",
    "again-value-steps-all": "cleared again, it is taken even with each value changed by"
    " {yes} yuan",
    "again-value-steps-none": "cleared again, it is not taken even with each value changed by"
    " {no} yuan",
    "again-value-all": "cleared again, it is taken even with a value of {yes} yuan",
    "again-value-none": "cleared again, it is not taken even with a value of {no} yuan",
    "again-end": "cleared again, it is taken with a deadline after slot {slot}",
    "again-end-none": "cleared again, no later deadline helps",
    "again-lower": "cleared again, it is taken with limits changed by {yes} and not by {no}",
    "again-lower-none": "cleared again, it is not taken even with limits changed by {no}",
    "again-lower-all": "cleared again, it is taken even with limits changed by {yes}",
}


def sentence(answer: Answer, say: Say) -> str:
    """Return the answer in one sentence in the reader's language."""
    unit = say("card-hours of work") if answer.kind is Kind.JOB else say("cards")
    head = say(
        HEADS[answer.taken],
        kind=say(KINDS[answer.kind]), id=answer.id,
        part=answer.part, whole=answer.whole, unit=unit,
    )  # fmt: skip
    why = say("; ").join(_clause(each, REASONS, say) for each in answer.reasons)
    turning = [_clause(each, TURNINGS, say) for each in answer.turning]
    return say("{head}: {why}.", head=head, why=say("; ").join(filter(None, [why, *turning])))


def _clause(reason: Reason, texts: dict[str, str], say: Say) -> str:
    return say(texts[reason.code], **reason.facts)
