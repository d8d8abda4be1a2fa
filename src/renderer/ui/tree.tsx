/**
 * A tree of lines, walked with the arrow keys.
 * May import: react-aria-components, lucide-react.
 */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button as AriaButton, Tree as AriaTree, TreeItem, TreeItemContent } from 'react-aria-components';

export interface TreeNode {
  id: string;
  text: string;
  content: ReactNode;
  children: readonly { id: string; text: string; content: ReactNode }[];
}

export function Tree({ label, nodes, expanded }: { label: string; nodes: readonly TreeNode[]; expanded: Iterable<string> }) {
  return (
    <AriaTree aria-label={label} className="tree" defaultExpandedKeys={expanded} selectionMode="none">
      {nodes.map((node) => (
        <TreeItem key={node.id} id={node.id} textValue={node.text} className="tree-branch">
          <TreeItemContent>
            {({ isExpanded }) => (
              <div className="tree-head">
                <AriaButton
                  slot="chevron"
                  className={isExpanded ? 'tree-chevron is-open' : 'tree-chevron'}
                  aria-label={`Fields of ${node.text}`}
                >
                  <ChevronRight size={14} aria-hidden="true" />
                </AriaButton>
                {node.content}
              </div>
            )}
          </TreeItemContent>
          {node.children.map((leaf) => (
            <TreeItem key={leaf.id} id={leaf.id} textValue={leaf.text} className="tree-leaf">
              <TreeItemContent>
                <div className="tree-line">{leaf.content}</div>
              </TreeItemContent>
            </TreeItem>
          ))}
        </TreeItem>
      ))}
    </AriaTree>
  );
}
