/** Attention. May import: react. */
export default function Attention() {
  return null;
}
