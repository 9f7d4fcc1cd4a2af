use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::walk::Key;
use super::event::Event;

/// A text that comes in pieces.
#[derive(Debug)]
pub(super) struct Block {
    number: usize,
    key: Key,
    channel: u8,
    ended: bool,
    /// The number of the event with its last piece.
    pub(super) event: Option<u64>,
    /// That event, to be sent again if text comes when it is gone. All blocks with a piece in it share it:
    /// an event can have pieces of very many.
    template: Option<Arc<Event>>,
    /// What came and what went on, of streams that repeat it.
    old: String,
    new: String,
}

impl Block {
    /// The block's last event once more, with nothing in it but this text.
    pub(super) fn again(&self, text: String) -> Option<Event> {
        let mut event = Event::clone(self.template.as_deref()?);
        for leaf in &mut event.leaves {
            leaf.new.clear();
        }
        event.last_leaf(self.number)?.new = text;
        Some(event)
    }
}

/// The channel of texts that come in one piece.
const ONCE: u8 = u8::MAX;

/// The most blocks that are kept: answers have a few.
pub(super) const MAX_BLOCKS: usize = 4096;

/// The blocks of a stream.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Those that are open; and those that have ended, if the stream repeats texts.
    blocks: Vec<Block>,
    next: usize,
    repeats: bool,
    /// Where text went on last: the place and the block's number.
    last: (Key, usize),
    /// What went on there, if it came in one piece.
    last_once: String,
}

impl Blocks {
    pub(super) fn new(repeats: bool) -> Blocks {
        Blocks {
            blocks: Vec::new(),
            next: 0,
            repeats,
            last: (Key::default(), usize::MAX),
            last_once: String::new(),
        }
    }

    /// The open block at a place, made if there is none; `None` if there are too many, for each is looked
    /// for among all.
    pub(super) fn open(&mut self, key: Key, channel: u8) -> Option<usize> {
        match self.find(&key, channel) {
            Some(number) => Some(number),
            None if self.blocks.len() >= MAX_BLOCKS => None,
            None => Some(self.begin(key, channel)),
        }
    }

    /// Keeps the event with this number for the open blocks that have their last piece in it.
    pub(super) fn share(&mut self, number: u64, event: &Event) {
        let of = |block: &&mut Block| !block.ended && block.event == Some(number);
        let mut shared = None;
        for block in self.blocks.iter_mut().filter(of) {
            let event = shared.get_or_insert_with(|| Arc::new(event.clone()));
            block.template = Some(Arc::clone(event));
        }
    }

    /// A block of its own for a text that comes in one piece.
    pub(super) fn once(&mut self, key: Key) -> usize {
        self.begin(key, ONCE)
    }

    fn begin(&mut self, key: Key, channel: u8) -> usize {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.blocks.push(Block {
            number,
            key,
            channel,
            ended: false,
            event: None,
            template: None,
            old: String::new(),
            new: String::new(),
        });
        number
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Block> {
        self.blocks.iter_mut().find(|block| block.number == number)
    }

    /// The open block at a place.
    pub(super) fn find(&self, key: &Key, channel: u8) -> Option<usize> {
        let mut blocks = self.blocks.iter();
        let found = blocks.find(|b| !b.ended && b.key == *key && b.channel == channel);
        found.map(|block| block.number)
    }

    /// The open blocks at a place or inside of it.
    pub(super) fn inside(&self, key: &Key) -> Vec<usize> {
        let inside = self.blocks.iter().filter(|b| !b.ended && key.holds(&b.key));
        inside.map(|block| block.number).collect()
    }

    /// The numbers of the events that wait for text that `holds` says is held back.
    pub(super) fn waiting(&self, holds: impl Fn(usize) -> bool) -> impl Iterator<Item = u64> {
        let waiting = self
            .blocks
            .iter()
            .filter(move |b| !b.ended && holds(b.number));
        waiting.filter_map(|block| block.event)
    }

    /// Notes what came of a block and what went on.
    pub(super) fn told(&mut self, number: usize, old: &str, new: &str) {
        let repeats = self.repeats;
        let Some(block) = self.get_mut(number) else {
            return;
        };
        if repeats {
            block.old.push_str(old);
            block.new.push_str(new);
        }
        let (key, once) = (block.key, block.channel == ONCE);
        self.last = (key, number);
        self.last_once.clear();
        if once {
            self.last_once.push_str(new);
        }
    }

    /// Where text went on last, and in streams that repeat it all of its block.
    pub(super) fn last(&self) -> (Key, &str) {
        let (key, number) = self.last;
        let block = self.blocks.iter().find(|block| block.number == number);
        (key, block.map_or(&self.last_once, |block| &block.new))
    }

    /// An event was put before the one with this number.
    pub(super) fn moved(&mut self, number: u64) {
        for event in self
            .blocks
            .iter_mut()
            .filter_map(|block| block.event.as_mut())
        {
            if *event >= number {
                *event = event.saturating_add(1);
            }
        }
    }

    /// What went on of the block whose text is `text`, which comes once more.
    pub(super) fn repeated(&self, key: &Key, channel: u8, text: &str) -> Option<String> {
        let mut blocks = self.blocks.iter();
        let found = blocks.find(|b| b.key == *key && b.channel == channel && b.old == text);
        found.map(|block| block.new.clone())
    }

    /// A block has ended.
    pub(super) fn end(&mut self, number: usize) {
        let repeats = self.repeats;
        self.blocks
            .retain(|block| block.number != number || (repeats && block.channel != ONCE));
        if let Some(block) = self.get_mut(number) {
            block.ended = true;
            block.template = None;
        }
    }
}
