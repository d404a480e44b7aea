//! What models are compared on: texts of the kinds that columns hold, and short questions with a
//! closed set of answers. Written for this; a change of them changes what the bounds in
//! [`super::likeness`] mean.

use braincells_core::Output;

use crate::{LLMRequest, Message, Role};

/// Texts of which every next token is compared, about 600 tokens together.
pub const TEXTS: [&str; 9] = [
    "I ordered this kettle for our small office because the old one took ages. It boils a litre in \
     under three minutes and switches off by itself, which is exactly what we needed. The lid is a \
     little stiff, and the light at the bottom is brighter than I would like at night. After six \
     weeks of daily use there is no limescale to speak of. For the price I would buy it again, \
     although I wish the cable were longer.",
    "{\"order\": 48213, \"customer\": {\"name\": \"Mira Holt\", \"city\": \"Leeds\"}, \"items\": \
     [{\"sku\": \"KT-220\", \"quantity\": 2, \"price\": 34.9}, {\"sku\": \"FL-7\", \"quantity\": 1, \
     \"price\": 5.25}], \"paid\": true, \"shipped_on\": \"2024-03-18\"}",
    "Things to pack for the weekend:\n1. a warm jumper and a rain jacket\n2. the blue tent with all \
     its pegs\n3. two torches and spare batteries\n4. tea, oats, dried fruit and a small pan\n5. \
     the map, a pencil and the keys of the hut",
    "Das Paket kam zwei Tage zu spät, war aber gut verpackt. Die Lampe gibt ein angenehmes, warmes \
     Licht und lässt sich leicht verstellen. Nur die Anleitung ist schlecht übersetzt.",
    "El hotel está a cinco minutos de la playa y el desayuno es muy bueno. La habitación era \
     pequeña, pero limpia. Por la noche se oye un poco el tráfico de la calle.",
    "name,department,start,salary\nAda Brook,Research,2019-05-01,58200\nTom Reyes,Sales,2021-11-15,\
     41750\nLin Zhao,Research,2018-02-01,61900\nEva Stone,Support,2023-07-10,36400\n",
    "Question: Which gas do plants take from the air to grow?\nAnswer: Plants take carbon dioxide \
     from the air. With the energy of sunlight they turn it and water into sugar, and they give \
     off oxygen.",
    "Dear team, the meeting on Thursday has been moved to 10:30 because the large room is taken in \
     the morning. Please send me your figures by Wednesday noon, so that I can put them into one \
     table. If you cannot come, tell me who will speak for you. Best regards, Jonas",
    "The company sells bicycles and spare parts in four countries. Last year it opened two shops, \
     closed one, and moved its warehouse from Ghent to Antwerp. Sales rose by seven per cent, \
     costs by nine.",
];

/// Questions with the same answers to choose from.
pub struct LabelSet {
    instruction: &'static str,
    labels: &'static [&'static str],
    rows: [&'static str; 8],
}

/// Forty questions.
pub const LABEL_SETS: [LabelSet; 5] = [
    LabelSet {
        instruction: "What is the sentiment of this review? Answer positive, negative or neutral.",
        labels: &["positive", "negative", "neutral"],
        rows: [
            "I love it, best purchase of the year.",
            "It broke after two days and nobody answered my mail.",
            "The box holds a charger, a cable and a manual.",
            "Not bad for the money, but the buttons feel cheap.",
            "Terrible sound. I sent it back.",
            "My daughter uses it every day and is very happy.",
            "It is a lamp. It has a switch.",
            "Worked well at first, then the screen went dark for good.",
        ],
    },
    LabelSet {
        instruction: "Which topic is this headline about? Answer sport, politics, science or food.",
        labels: &["sport", "politics", "science", "food"],
        rows: [
            "Late goal sends the visitors to the final",
            "Parliament votes on the new budget tonight",
            "Telescope finds water in the air of a distant planet",
            "Five soups that warm you in winter",
            "Runner breaks the record by two seconds",
            "Minister resigns after week of protests",
            "New battery charges in ninety seconds, researchers say",
            "Why sourdough needs a hot oven",
        ],
    },
    LabelSet {
        instruction: "In which language is this sentence? Answer English, German, Spanish or French.",
        labels: &["English", "German", "Spanish", "French"],
        rows: [
            "Where is the nearest station?",
            "Der Zug fährt um acht Uhr ab.",
            "¿Cuánto cuesta este libro?",
            "Je voudrais une tasse de café.",
            "The shop is closed on Mondays.",
            "Wir haben gestern lange gewartet.",
            "Mañana vamos a la montaña.",
            "Il fait très froid ce matin.",
        ],
    },
    LabelSet {
        instruction: "How urgent is this message? Answer high, medium or low.",
        labels: &["high", "medium", "low"],
        rows: [
            "The server is down and no customer can log in!",
            "Could you change the colour of the logo some time?",
            "Please send the invoice by Friday.",
            "Water is coming through the ceiling of the archive.",
            "Just to let you know that I liked the talk.",
            "The printer on the second floor needs paper.",
            "Our payment failed twice and the offer ends today.",
            "When you have time, look at the attached sketch.",
        ],
    },
    LabelSet {
        instruction: "Does this sentence ask a question? Answer true or false.",
        labels: &["true", "false"],
        rows: [
            "Do you know what time it is?",
            "The garden is behind the house.",
            "Who wrote this letter",
            "Please close the window.",
            "Can we meet on Tuesday instead?",
            "I wonder how they did that.",
            "What a beautiful day!",
            "Is there any milk left?",
        ],
    },
];

impl LabelSet {
    /// The questions as they are asked in a column: what is the row's own comes last.
    pub fn requests(&self) -> impl Iterator<Item = LLMRequest> {
        self.rows.iter().map(|row| {
            let question = format!("{}\n\n{row}", self.instruction);
            let messages = vec![
                Message::new(Role::System, "Answer with one of the given words and nothing else."),
                Message::new(Role::User, question),
            ];
            let labels = self.labels.iter().map(|label| (*label).to_owned()).collect();
            LLMRequest { output: Output::Label { labels }, ..LLMRequest::new("", messages) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_forty_different_questions_and_every_set_has_labels_to_choose_from() {
        let rows: HashSet<&str> = LABEL_SETS.iter().flat_map(|set| set.rows).collect();
        assert_eq!(rows.len(), 40);
        for set in &LABEL_SETS {
            assert!(set.labels.iter().all(|label| set.instruction.contains(label)));
            assert_eq!(set.requests().count(), 8);
        }
    }
}
