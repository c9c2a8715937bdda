"""What the demo's client file says: an invented market garden and its mentoring, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a heading, paragraphs, and a table whose first row names its columns."""

    heading: str
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()


CASE: Final = "Client case C-01"
SECTOR: Final = "Agro-food: fresh herbs and edible flowers for restaurants"

MINUTES: Final = (
    (
        "Minutes of the first meeting, 4 March 2025",
        "Held at the client's greenhouse, 95 minutes. Both parties introduced themselves without "
        "speaking of figures. I asked what a good year would look like, and kept silent until the "
        "answer had come in full.",
        "The client fears that one large buyer decides over the firm. We agreed how we work: one "
        "meeting a month, notes by whoever asked for the meeting, nothing leaves the room.",
        "Next step: the client lists all buyers with turnover and date of the last order.",
    ),
    (
        "Minutes of the second meeting, 8 April 2025",
        "Held by video, 70 minutes. The list shows that 61 % of turnover comes from one wholesaler "
        "who pays after 74 days. The client had known the share, not the cost of the delay.",
        "I drew the cash curve while the client dictated. The conclusion was the client's: to look "
        "for buyers who pay on delivery before looking for more buyers.",
        "Next step: a price for a weekly box, worked out from cost, not from a neighbour's price.",
    ),
    (
        "Minutes of the third meeting, 13 May 2025",
        "Held in my office, 110 minutes. We drew the value creation model on a flip chart (the "
        "photograph is in the file). Time saved in the kitchen turned out to be worth more to "
        "cooks than a lower price.",
        "I noticed that I was selling my own idea of a web shop, said so, and withdrew it. The "
        "client visibly relaxed.",
        "Next step: five conversations with cooks, with three questions we wrote together.",
    ),
    (
        "Minutes of the fourth meeting, 24 June 2025",
        "Held at the greenhouse, 85 minutes. Four of five cooks would take a weekly box; the fifth "
        "asked for flowers only. The client brought a price list and defended it well.",
        "We rehearsed the call to the wholesaler: shorter payment in exchange for a firm quantity. "
        "I played the buyer, then we changed seats.",
        "Next step: two trial boxes per restaurant, measured by what comes back.",
    ),
)

PAGES: Final = (
    Page(
        "The client and the request",
        (
            "The client runs a market garden of 4,200 square metres under glass with two permanent "
            "workers and three in season. The firm is nine years old and has never made a plan "
            "that reached beyond the season.",
            "The request in the client's words: “I work more every year and own less of it.” Name, "
            "place and figures that would identify the firm have been changed with the client's "
            "agreement.",
        ),
        (
            ("Item", "At the start", "At the end"),
            ("Turnover of the year", "EUR 212,000", "EUR 238,000"),
            ("Share of the largest buyer", "61 %", "38 %"),
            ("Days until payment", "74", "31"),
            ("Hours of the owner per week", "68", "54"),
        ),
    ),
    Page(
        "Market analysis: scale and scope",
        (
            "Within 40 kilometres there are 310 restaurants, of which 96 cook fresh every day. "
            "Interviews with twelve of them put their purchase of herbs and flowers at EUR 45 to "
            "120 a week. The market that can be served with one van is therefore between EUR "
            "225,000 and EUR 600,000 a year.",
            "Sources: the chamber's register of firms (2024), the regional survey of farm sales, "
            "twelve interviews made by the client, and the client's own delivery notes for three "
            "years. Tool: PESTEL, kept to the six points that could change a decision.",
        ),
        (
            ("Factor", "What we found", "Weight"),
            ("Political", "Subsidy for short supply chains until 2027", "medium"),
            ("Economic", "Heating is 19 % of cost and rising", "high"),
            ("Social", "Guests ask where food comes from", "high"),
            ("Technical", "Cold chain of the van is sufficient", "low"),
            ("Environmental", "Water permit up for renewal in 2026", "high"),
            ("Legal", "Labelling of edible flowers unclear", "medium"),
        ),
    ),
    Page(
        "Market analysis: competitors and opportunities",
        (
            "Three competitors deliver to the same streets. None of them cuts on the day of "
            "delivery, and none answers the telephone before eight, when kitchens order.",
        ),
        (
            ("Competitor", "Strength", "Weakness", "Our answer"),
            ("National wholesaler", "Price, range", "Two days old on arrival", "Same-day cut"),
            ("Organic box", "Known brand", "No choice by the cook", "Choice until six o'clock"),
            ("Neighbour", "Nearby", "No deliveries", "Swap surplus, refer customers"),
        ),
    ),
    Page(
        "Needs of the client: analysis",
        (
            "Needs were gathered in three ways: the client's own account, the figures, and a "
            "morning in the greenhouse. They were ranked by the client, not by me; where I saw "
            "more urgency than the client did, it is marked.",
        ),
        (
            ("Need", "Seen in", "Rank", "Mentor's remark"),
            ("Know what each product earns", "figures", "1", "agreed"),
            ("Depend less on one buyer", "account", "2", "more urgent than ranked"),
            ("Hand over the morning round", "observation", "3", "agreed"),
            ("Speak with the bank in time", "figures", "4", "more urgent than ranked"),
            ("Learn to quote a price", "account", "5", "training, half a day"),
        ),
    ),
    Page(
        "Strengths, weaknesses, opportunities, threats",
        (
            "Drawn up together at the second meeting. The client wrote; I asked for an example for "
            "every line and left out what had none.",
        ),
        (
            ("", "Helps", "Harms"),
            ("Inside", "Quality; loyal staff; own water", "One buyer; no prices by product"),
            ("Outside", "96 kitchens nearby; subsidy", "Energy; renewal of the permit"),
        ),
    ),
    Page(
        "Roadmap of the mentoring",
        (
            "Agreed and signed by both at the second meeting, reviewed at mid-term. It has the "
            "four blocks of the programme: what each expects, how success will be seen, where the "
            "firm wants to be in three years, and the key steps.",
        ),
        (
            ("Block", "Agreed"),
            ("Expectations", "Mentor: honest figures. Client: questions before advice."),
            ("Success", "Largest buyer under 40 %; payment under 35 days; one free day a week"),
            ("Vision 2028", "60 kitchens served weekly, a second grower as partner"),
            (
                "Key steps",
                "Price list (April), trial boxes (July), bank (September), review (March)",
            ),
        ),
    ),
    Page(
        "Mentoring agreement",
        (
            "The mentoring is voluntary and unpaid, lasts twelve months and can be ended by the "
            "client at any time without a reason. The mentor has no business with the client, "
            "recommends no supplier, and accepted the ethics charter on 25 February 2025.",
            "Both parties keep confidential what they learn. Extracts used for the mentor's "
            "certification are made anonymous and shown to the client first. Meetings last between "
            "60 and 120 minutes and take place at the latest every 45 days.",
            "Time: about 2 hours a month each. Costs: none, travel is borne by whoever travels.",
        ),
    ),
    *(Page(heading, tuple(paragraphs)) for heading, *paragraphs in MINUTES),
    Page(
        "Closing of the mentoring",
        (
            "The closing meeting was held on 10 March 2026. All three criteria of success are met; "
            "the second grower was not found, and the client has decided to look again in autumn.",
            "What the client does alone now: prices by product, the quarterly talk with the bank, "
            "the round of calls in November. What I would do differently: ask for the figures at "
            "the first meeting, and propose the rehearsal of hard conversations earlier.",
            "The client keeps my number and owes me nothing.",
        ),
        (
            ("Criterion", "Target", "Reached"),
            ("Share of the largest buyer", "under 40 %", "38 %"),
            ("Days until payment", "under 35", "31"),
            ("Free day a week", "one", "one, since October"),
        ),
    ),
)

TESTIMONY: Final = (
    "I came to the mentoring with a question about selling, and left it with an answer about what "
    "I sell. In the first meeting I waited for advice that did not come. Instead my mentor asked "
    "what a good year would look like, and then said nothing for what felt like a minute.",
    "The moment that changed most was an uncomfortable one. We had put all buyers on one sheet, "
    "and I saw that I was lending money to the wholesaler for ten weeks. Nobody had told me that; "
    "I had written the figures myself.",
    "Once my mentor began to plead for a web shop. A few minutes later came the words: “This is my "
    "idea, not yours; let us put it away.” I have tried to say the same to my own staff since.",
    "We rehearsed the call to the wholesaler twice. On the day I asked for thirty days and got "
    "them. I now know what each of my products earns, and I take Mondays off.",
    "I agree that this testimony is used for my mentor's certification.",
)

JOURNAL: Final = (
    (
        "4 March 2025, first meeting",
        "I had prepared nine questions and asked three. The silence after the first one was hard "
        "for me; I counted the panes of the greenhouse. What came then was the real subject.",
        "Keep fewer questions, and the silence.",
    ),
    (
        "13 May 2025, third meeting",
        "I caught myself selling the web shop. I know the feeling: a solution that I once built "
        "and was proud of. Saying it aloud cost less than I feared.",
        "When I speak for more than two minutes, ask whose idea it is.",
    ),
    (
        "24 June 2025, fourth meeting",
        "Playing the buyer was easy, too easy: I was harder than the man will be. After changing "
        "seats I understood why the client had waited for years to make this call.",
        "Let the client play the other side first.",
    ),
    (
        "10 March 2026, closing",
        "Proud and a little sad. The client thanked me for something I do not remember saying.",
        "Ask at every closing what helped, and write it down word for word.",
    ),
)

SURVEY: Final = (
    ("question", "mentee_midterm", "mentee_closing", "mentor_midterm", "mentor_closing", "comment"),
    ("The aims of the mentoring were clear", "4", "5", "4", "5", ""),
    ("Meetings took place as agreed", "5", "5", "5", "5", "one moved because of frost"),
    ("I could say what went wrong", "3", "5", "4", "4", "easier once the mentor had done so"),
    ("The mentor asked before advising", "4", "5", "3", "4", ""),
    ("What was agreed was done", "4", "4", "3", "4", "the price list came late"),
    ("The firm is better off than before", "3", "5", "4", "5", "thirty days instead of 74"),
    ("I would do it again", "5", "5", "5", "5", ""),
)
