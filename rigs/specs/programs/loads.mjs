/** Prints which public modules of Node.js's the import of a package has loaded. */
const before = new Set(process.moduleLoadList);
await import(process.argv[2]);
const after = process.moduleLoadList.filter((name) => !before.has(name));
console.log(JSON.stringify(after.filter((name) => /^NativeModule (?!internal\/)/.test(name))));
