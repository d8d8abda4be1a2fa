/** Log. May import: react. */
export default function Log() {
  return null;
}
