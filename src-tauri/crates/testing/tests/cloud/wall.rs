use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use braincells_llm::LLMEngine;
use braincells_testing::{Answer, ChatServer, Reply};

use super::support::{Asks, ends, request};

/// Takes so many a second and saves up what is asked for within one.
struct Wall {
    per_second: f64,
    level: f64,
    at: Instant,
    answered: Vec<Instant>,
    refused: usize,
}

impl Wall {
    fn takes(&mut self) -> bool {
        let now = Instant::now();
        let passed = now.duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.per_second);
        self.at = now;
        let takes = self.level >= 1.0;
        if takes {
            self.level -= 1.0;
            self.answered.push(now);
        } else {
            self.refused += 1;
        }
        takes
    }
}

#[tokio::test]
async fn a_wall_of_twenty_a_second_is_kept_to() {
    let wall = Arc::new(Mutex::new(Wall {
        per_second: 20.0,
        level: 20.0,
        at: Instant::now(),
        answered: Vec::new(),
        refused: 0,
    }));
    let server = {
        let wall = Arc::clone(&wall);
        ChatServer::start(move |_| {
            if wall.lock().unwrap().takes() {
                return Reply::Answer(Answer::new("fine").after(Duration::from_millis(100)));
            }
            Reply::error(429, "rate_limit_exceeded", "Rate limit reached")
        })
        .await
    };
    let engine = Asks { parallel: 64, ..Asks::of(&server) }.engine();
    let rows = 300;
    let ends = ends(&engine, vec![request("x"); rows]).await;
    assert!(ends.iter().all(Result::is_ok));
    let wall = wall.lock().unwrap();
    let settled = wall.answered[0] + Duration::from_secs(5);
    let after: Vec<Instant> = wall.answered.iter().copied().filter(|&at| at > settled).collect();
    let passed = after[after.len() - 1].duration_since(settled).as_secs_f64();
    let rate = after.len() as f64 / passed;
    let wasted = wall.refused as f64 / server.calls() as f64;
    println!(
        "{rate:.2} a second after settling, {:.1} % of {} calls wasted, {:?}",
        wasted * 100.0,
        server.calls(),
        engine.flow().unwrap()
    );
    assert!((16.0..22.0).contains(&rate), "{rate}");
    // The first window costs most of these; over a longer run they are few.
    assert!(wasted < 0.2, "{wasted}");
    assert!(server.most_in_flight() <= 64);
}
