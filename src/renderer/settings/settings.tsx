/** Settings. May import: react. */
export default function Settings() {
  return null;
}
