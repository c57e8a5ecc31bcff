/** What somebody without an account any more is called in what others keep. */
export const formerMember = 'Former member'
