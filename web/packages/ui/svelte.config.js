/**
 * How every component is compiled. `tree`: elements are made one by one and no markup is ever parsed, so pages need no
 * Trusted Types policy that lets strings through. A class's hash follows from its rules, never from a folder's name.
 */
export default {
  compilerOptions: {
    runes: true,
    fragments: 'tree',
    cssHash: ({ hash, css }) => `w-${hash(css)}`,
  },
};
