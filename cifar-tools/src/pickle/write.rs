//! Writes the pickles of a CIFAR-100 archive, byte by byte as Python 2's `cPickle` wrote the
//! published ones.
//!
//! Protocol 2, strings without an encoding, lists in batches of a thousand, every object memoized.

/// Builds one pickle.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    memo: u32,
}

const BATCH: usize = 1000;

impl Writer {
    /// Begins a dictionary.
    #[must_use]
    pub fn dict() -> Self {
        let mut writer = Self {
            out: vec![0x80, 2, b'}'],
            memo: 1,
        };
        writer.put();
        writer.out.push(b'(');
        writer
    }

    /// Adds an entry that is a list of strings.
    pub fn strings<'a>(&mut self, key: &str, values: impl ExactSizeIterator<Item = &'a str>) {
        self.string(key);
        self.list(values, |writer, value| writer.string(value));
    }

    /// Adds an entry that is a list of numbers.
    pub fn numbers(&mut self, key: &str, values: impl ExactSizeIterator<Item = u8>) {
        self.string(key);
        self.list(values, |writer, value| writer.out.extend([b'K', value]));
    }

    /// Adds an entry that is a string.
    pub fn text(&mut self, key: &str, value: &str) {
        self.string(key);
        self.string(value);
    }

    /// Adds an entry that is a numpy array of `uint8` with two axes, row by row.
    pub fn matrix(&mut self, key: &str, rows: usize, width: usize, bytes: &[u8]) {
        self.string(key);
        self.global("numpy.core.multiarray", "_reconstruct");
        self.global("numpy", "ndarray");
        self.out.extend([b'K', 0, 0x85]); // (0,)
        self.put();
        self.string("b");
        self.reduce(0x87); // of three
        self.out.extend([b'(', b'K', 1]);
        self.int(rows);
        self.int(width);
        self.out.push(0x86);
        self.put();
        self.uint8();
        self.out.push(0x89); // not Fortran's order
        self.bytes(bytes);
        self.out.push(b't');
        self.put();
        self.out.push(b'b');
    }

    /// Ends the dictionary: the pickle's bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend(b"u.");
        self.out
    }

    /// `numpy.dtype('u1', 0, 1)` and its state.
    fn uint8(&mut self) {
        self.global("numpy", "dtype");
        self.string("u1");
        self.out.extend([b'K', 0, b'K', 1]);
        self.reduce(0x87);
        self.out.extend([b'(', b'K', 3]);
        self.string("|");
        self.out
            .extend(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t");
        self.put();
        self.out.push(b'b');
    }

    fn list<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.out.push(b']');
        self.put();
        let last = values.len();
        for (at, value) in values.enumerate() {
            if at % BATCH == 0 {
                self.out.push(b'(');
            }
            each(self, value);
            if (at + 1) % BATCH == 0 || at + 1 == last {
                self.out.push(b'e');
            }
        }
    }

    fn global(&mut self, module: &str, name: &str) {
        self.out.extend(format!("c{module}\n{name}\n").bytes());
        self.put();
    }

    fn reduce(&mut self, tuple: u8) {
        self.out.push(tuple);
        self.put();
        self.out.push(b'R');
        self.put();
    }

    fn int(&mut self, value: usize) {
        match value {
            0..=0xff => self.out.extend([b'K', value as u8]),
            0x100..=0xffff => {
                self.out.push(b'M');
                self.out.extend((value as u16).to_le_bytes());
            }
            _ => {
                self.out.push(b'J');
                self.out.extend((value as u32).to_le_bytes());
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if bytes.len() < 256 {
            self.out.extend([b'U', bytes.len() as u8]);
        } else {
            self.out.push(b'T');
            self.out.extend((bytes.len() as u32).to_le_bytes());
        }
        self.out.extend(bytes);
        self.put();
    }

    fn put(&mut self) {
        match u8::try_from(self.memo) {
            Ok(index) => self.out.extend([b'q', index]),
            Err(_) => {
                self.out.push(b'r');
                self.out.extend(self.memo.to_le_bytes());
            }
        }
        self.memo += 1;
    }
}
