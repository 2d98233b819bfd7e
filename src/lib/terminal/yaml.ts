/**
 * The YAML reader, to be loaded only when a file is read. It has a file of its own because a bundle gives a CommonJS
 * package that is imported dynamically no named exports.
 */
export { parse } from 'yaml';
