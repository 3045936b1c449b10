// Imported first, makes this platform another.
Object.defineProperty(process, 'platform', { value: 'darwin' });
